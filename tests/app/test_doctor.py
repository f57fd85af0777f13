"""What `stallkeeper doctor` does to a machine: nothing. Other commands start no server either."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import embedded

BARE = {
    "APP_URL": "http://127.0.0.1:5000",
    "SHOPIFY_API_KEY": "key",
    "SHOPIFY_API_SECRET": "secret",
    "SECRET_KEYS": "a-key",
    "RESEND_API_KEY": "",
}


def ask(var: Path, *command: str, **more: str) -> list[str]:
    env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    env |= {**BARE, **more, "STALLKEEPER_VAR": str(var)}
    asked = [sys.executable, "-m", "app.cli", *(command or ["doctor"])]
    done = subprocess.run(asked, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    return (done.stdout + done.stderr).splitlines()


def test_the_doctor_starts_no_server(tmp_path: Path) -> None:
    told = ask(tmp_path)
    assert any(line.startswith("WRONG  Database: the app's own PostgreSQL does not run") for line in told)
    assert any(line.startswith("WRONG  Redis: the app's own Redis does not run") for line in told)
    assert not (tmp_path / "postgres").exists()
    assert not (tmp_path / "redis").exists()


@pytest.mark.parametrize(
    "command",
    [
        ("books", "check"),
        ("books", "explain", "acme.myshopify.com", "1001"),
        ("events", "replay", "acme.myshopify.com", "notices", "--since", "2026-11-20T09:00:00"),
        ("rotate-keys",),
    ],
)
def test_no_command_that_ends_leaves_a_server_running(tmp_path: Path, command: tuple[str, ...]) -> None:
    started = "Start the app (`stallkeeper dev`), then ask again."
    assert ask(tmp_path, *command) == [f"stallkeeper: the app's own PostgreSQL does not run. {started}"]
    assert not (tmp_path / "postgres").exists()
    assert not (tmp_path / "redis").exists()


def test_the_doctor_knows_a_key_that_can_be_guessed(tmp_path: Path) -> None:
    guessed = "WRONG  SECRET_KEYS: the first can be guessed"
    assert any(line.startswith(guessed) for line in ask(tmp_path))
    assert not any(line.startswith(guessed) for line in ask(tmp_path, SECRET_KEYS="k7" * 16))


def test_the_doctor_finds_the_redis_that_runs_and_leaves_it_running(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    embedded.start_redis(tmp_path)
    request.addfinalizer(lambda: embedded.stop_redis(tmp_path))
    assert "ok     Redis: it answers and drops nothing" in ask(tmp_path)
    assert embedded.redis_runs(tmp_path)


def test_a_server_that_was_killed_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    for left in (f"{2**22 + 1}\n{tmp_path}/postgres\n", ""):
        (tmp_path / "postgres" / "postmaster.pid").write_text(left)
        assert not embedded.postgres_runs(tmp_path)
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    assert embedded.postgres_runs(tmp_path)
