"""Everything the store knows: JSON documents in one SQLite file, so that a restart forgets nothing."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devstore.clock import Clock

Doc = dict[str, Any]

_FIRST_ID = 8_100_000_000_001
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS documents (
  shop TEXT NOT NULL, kind TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (shop, kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_by_state ON documents (kind, json_extract(body, '$.state'));
CREATE INDEX IF NOT EXISTS documents_by_handle ON documents (shop, kind, json_extract(body, '$.handle'));
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value REAL NOT NULL);
"""


class Store:
    """Documents by (shop, kind, id). Returned documents are copies: change one, then `put` it back.

    One lock guards everything and a transaction holds it to its end, so a thread never sees half of another's work.
    Documents that belong to no shop are kept under shop "".
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.executescript(_SCHEMA)
        self.committed = threading.Event()
        self.clock = Clock(self._number("clock_offset", 0))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; may be nested, the outermost one commits."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                if outermost:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if outermost:
                    self._connection.execute("COMMIT")
                    self.committed.set()
            finally:
                self._depth -= 1

    def next_id(self) -> int:
        """A number never given before, large as Shopify's are."""
        with self.transaction():
            number = int(self._number("next_id", _FIRST_ID))
            self._set_number("next_id", number + 1)
            return number

    def get(self, shop: str, kind: str, id: int) -> Doc | None:  # noqa: A002
        return self._one("shop = ? AND kind = ? AND id = ?", [shop, kind, id])

    def put(self, shop: str, kind: str, doc: Doc) -> Doc:
        """Write the document whole; without an `id` it gets the next one. Returns what was written."""
        with self.transaction():
            stored = doc if "id" in doc else {"id": self.next_id(), **doc}
            self._connection.execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)", (shop, kind, stored["id"], json.dumps(stored))
            )
            return stored

    def delete(self, shop: str, kind: str, id: int) -> bool:  # noqa: A002
        """True when there was something to delete."""
        with self.transaction():
            gone = self._connection.execute(
                "DELETE FROM documents WHERE shop = ? AND kind = ? AND id = ?", (shop, kind, id)
            )
            return gone.rowcount > 0

    def all(self, shop: str, kind: str) -> list[Doc]:
        """Every document of that kind, oldest id first."""
        return self._many("shop = ? AND kind = ?", [shop, kind])

    def select(self, shop: str, kind: str, **equals: Any) -> list[Doc]:
        """Documents whose top-level keys equal the given values, oldest id first."""
        return self._many(*_where(shop, kind, equals))

    def find(self, shop: str, kind: str, **equals: Any) -> Doc | None:
        """The first document whose top-level keys equal the given values."""
        return self._one(*_where(shop, kind, equals))

    def select_everywhere(self, kind: str, limit: int = -1, **equals: Any) -> list[tuple[str, Doc]]:
        """(shop, document) of every shop, by top-level keys, oldest id first."""
        where, values = _where(None, kind, equals)
        select = f"SELECT shop, body FROM documents WHERE {where} ORDER BY id LIMIT ?"  # noqa: S608
        with self._lock:
            rows = self._connection.execute(select, [*values, limit])
            return [(shop, json.loads(body)) for shop, body in rows]

    def set_clock_offset(self, seconds: float) -> None:
        with self.transaction():
            self._set_number("clock_offset", seconds)
        self.clock.set_offset(seconds)

    def _many(self, where: str, values: list[Any]) -> list[Doc]:
        with self._lock:
            rows = self._connection.execute(f"SELECT body FROM documents WHERE {where} ORDER BY id", values)  # noqa: S608
            return [json.loads(body) for (body,) in rows]

    def _one(self, where: str, values: list[Any]) -> Doc | None:
        with self._lock:
            found = self._connection.execute(f"SELECT body FROM documents WHERE {where} ORDER BY id LIMIT 1", values)  # noqa: S608
            row = found.fetchone()
            return json.loads(row[0]) if row else None

    def _number(self, name: str, default: float) -> float:
        row = self._connection.execute("SELECT value FROM numbers WHERE name = ?", (name,)).fetchone()
        return float(row[0]) if row else default

    def _set_number(self, name: str, value: float) -> None:
        self._connection.execute("INSERT OR REPLACE INTO numbers VALUES (?, ?)", (name, value))


def _where(shop: str | None, kind: str, equals: dict[str, Any]) -> tuple[str, list[Any]]:
    keys = "".join(f" AND json_extract(body, '$.{key}') IS ?" for key in equals)
    scope = "" if shop is None else "shop = ? AND "
    return f"{scope}kind = ?{keys}", [*([] if shop is None else [shop]), kind, *equals.values()]
