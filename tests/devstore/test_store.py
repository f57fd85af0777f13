"""The document store: all or nothing, one at a time, and still there afterwards."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devstore.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store.sqlite3")
    yield opened
    opened.close()


def test_a_failed_transaction_leaves_nothing_even_from_those_inside_it(store: Store) -> None:
    def fail() -> None:
        with store.transaction():
            store.put("acme", "note", {"text": "outer"})
            with store.transaction():
                store.put("acme", "note", {"text": "inner"})
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    assert store.all("acme", "note") == []


def test_threads_take_turns_and_no_number_is_given_twice(store: Store) -> None:
    counter = store.put("acme", "counter", {"value": 0})["id"]

    def add_one(_: int) -> int:
        with store.transaction():
            doc = store.get("acme", "counter", counter)
            assert doc
            store.put("acme", "counter", {**doc, "value": doc["value"] + 1})
            return store.next_id()

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(add_one, range(200)))
    assert len(set(numbers)) == 200
    assert (store.get("acme", "counter", counter) or {})["value"] == 200


def test_documents_are_found_by_what_is_in_them_within_their_shop(store: Store) -> None:
    store.put("acme", "note", {"text": "one", "open": True, "at": None})
    store.put("zenith", "note", {"text": "one", "open": False, "at": None})
    assert (store.find("acme", "note", text="one", open=True) or {})["text"] == "one"
    assert store.find("acme", "note", text="one", open=False) is None
    assert len(store.select("acme", "note", at=None)) == 1
    assert [shop for shop, _ in store.select_everywhere("note", text="one")] == ["acme", "zenith"]


def test_a_document_that_was_read_is_a_copy(store: Store) -> None:
    number = store.put("acme", "note", {"tags": ["a"]})["id"]
    read = store.get("acme", "note", number)
    assert read
    read["tags"].append("b")
    assert (store.get("acme", "note", number) or {})["tags"] == ["a"]
