"""Settings that are wrong are named in one sentence, whatever is started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import read_config
from app.errors import ConfigError

GOOD = {
    "SHOPIFY_API_KEY": "key",
    "SHOPIFY_API_SECRET": "secret",
    "SECRET_KEYS": "key",
    "DATABASE_URL": "postgresql://stallkeeper:hidden@127.0.0.1:1/none",
}
WRONG = {
    "SHOPIFY_API_KEY": "",
    "SHOPIFY_API_SECRET": "",
    "SECRET_KEYS": " , ",
    "DATABASE_URL": "mysql://stallkeeper:hidden@db/stallkeeper",
    "REDIS_URL": "http://:hidden@cache",
    "APP_URL": "https://market.example.com/app",
    "PORTAL_URL": "vendors",
    "API_REQUESTS_PER_MINUTE": "many",
}


@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_a_setting_that_is_wrong_is_named_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name) as refused:
        read_config(GOOD | {name: value})
    assert "hidden" not in refused.value.message


@pytest.mark.parametrize(
    ("command", "changed", "said"),
    [
        (["serve"], {"SECRET_KEYS": ","}, "SECRET_KEYS"),
        (["live"], {"REDIS_URL": "cache"}, "REDIS_URL"),
        (["serve"], {"LOG_LEVEL": "verbose"}, "LOG_LEVEL is one of DEBUG, INFO, WARNING, ERROR, CRITICAL."),
        (["migrate"], {}, "Connection refused. Check DATABASE_URL."),
        (["doctor"], {"REDIS_URL": "cache"}, "REDIS_URL"),
    ],
)
def test_a_command_says_what_is_wrong_in_one_sentence(
    command: list[str], changed: dict[str, str], said: str, tmp_path: Path
) -> None:
    env = {**os.environ, **GOOD, **changed, "STALLKEEPER_VAR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *command], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    told = done.stdout + done.stderr
    assert said in told
    assert "Traceback" not in told
    assert len(told.splitlines()) == 1
