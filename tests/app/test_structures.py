"""A process that reads in threads has looked at every structure before."""

import subprocess
import sys
from typing import Final

import pytest

from app.shopify.payloads_orders import Order
from wsgi import create_app

_WATCHED: Final = """
import msgspec
from app import structures
seen = []
structures.look_at_all = lambda: seen.extend(kind.__name__ for kind in structures._list_below(msgspec.Struct))
import jobs.events
print("Order" in seen, "RuleVersion" in seen)
"""


class _Below(Order, kw_only=True, frozen=True):
    pass


def test_every_structure_is_looked_at_and_what_is_made_of_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr("msgspec.json.Decoder", seen.append)
    create_app()
    assert {Order, _Below} <= set(seen)


def test_the_worker_of_the_inbox_looks_before_its_threads_begin() -> None:
    said = subprocess.run([sys.executable, "-c", _WATCHED], capture_output=True, text=True, timeout=120, check=True)
    assert said.stdout.split() == ["True", "True"]
