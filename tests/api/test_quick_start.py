"""The examples of docs/api.md do what they show."""

import itertools
import re
import shlex
from pathlib import Path

import pytest

from app.models.vendors import Vendor
from tests.api.conftest import Program

EXAMPLES = [
    line.replace("\\\n", "")
    for block in re.findall(r"```sh\n(.*?)```", Path("docs/api.md").read_text(), re.DOTALL)
    for line in re.split(r"(?<!\\)\n", block)
    if line.startswith("curl")
]


@pytest.mark.parametrize("command", EXAMPLES)
def test_an_example_works(merchant: Program, ada: Vendor, command: str) -> None:
    words = shlex.split(command.replace("$API", "").replace("$TOKEN", "token"))
    path = next(word for word in words if word.startswith("/"))
    given = dict(itertools.pairwise(words))
    headers = dict(word.split(": ", 1) for word in words if ": " in word and not word.startswith("{"))
    assert headers.pop("Authorization") == "Bearer token"
    body = given["-d"].replace('"vendor_id": 1', f'"vendor_id": {ada.id}') if "-d" in given else None
    answer = merchant.ask(given.get("-X", "GET"), path, body, **{k.replace("-", "_"): v for k, v in headers.items()})
    assert answer.status_code in {200, 201}, answer.text


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6
