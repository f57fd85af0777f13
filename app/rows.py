"""Rows by the hundred: one statement a table. For the few places where the ORM's price per object is too high.

Their ids are taken from the table's sequence before they are written, so that rows that name each other travel together
(`together`) and no statement waits for another's answer.

Rows travel by the column, each an array of the column's type, which PostgreSQL takes apart side by side: as objects
they would cost it several times as much, for it looks every name up in every row. What all rows share travels once, as
does a row that is alone. A struct's fields are the columns it speaks for: other columns keep their defaults, and what
others write into them. A field of type msgspec.Raw is a whole document for a column of type json: it travels as it is,
and is read once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import JSON, Text
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.orm import Session

from app import wire
from app.arrays import Documents
from app.db import ScopedSession, driver_of
from app.models.mapping import Model

_Writer = Callable[[Sequence[Any]], str | Documents]
_IDS: Final = "ids"
_ESCAPED: Final = {ord('"'): '\\"', ord("\\"): "\\\\"}
_DIALECT: Final = dialect()  # type: ignore[no-untyped-call]


class Row(msgspec.Struct, kw_only=True):
    """A row of a table with an identity column; `id` is 0 until it is stored."""

    id: int = 0


def insert_rows(session: Session, table: str, rows: Sequence[Row], *, numbered: bool = False, **shared: object) -> None:
    """Insert the rows. `numbered`: each is given its `id`. `shared`: columns in which all of them have the same."""
    if not rows:
        return
    if numbered:
        for row, number in zip(rows, _take_ids(session, table, len(rows)), strict=True):
            row.id = number
    alone = len(rows) == 1
    statement = _insert(table, type(rows[0]), tuple(shared), numbered=numbered, alone=alone)
    values = _values_alone(table, rows[0]) if alone else _values(table, rows)
    send(session, statement, values | {name: _spell(value) for name, value in shared.items()})


def update_rows(session: Session, table: str, rows: Sequence[Row]) -> None:
    """Write every column that the rows' structure has, by `id`."""
    if rows:
        send(session, _update(table, type(rows[0])), _values(table, rows))


def send(session: Session, statement: bytes, values: Mapping[str, Any]) -> None:
    """Have rows written."""
    assert isinstance(session, ScopedSession)
    if session.unsent is None:
        _run(session, [(statement, values)])
    else:
        session.unsent.append((statement, values))


def ids_ahead(table: str) -> str:
    """What to select for `keep_ids`: so many ids as the parameter named like the table says."""
    return f"array_to_json(ARRAY(SELECT nextval('{table}_id_seq') FROM generate_series(1, %({table})s)))::text"  # noqa: S608


def keep_ids(session: Session, table: str, ids: str) -> None:
    """Ids for rows that this transaction is going to insert."""
    session.info.setdefault((_IDS, table), []).extend(msgspec.json.decode(ids))


def read_rows(session: Session, statement: bytes, values: Mapping[str, Any]) -> psycopg.Cursor[Any]:
    """What a statement answers, once what the session has not yet written is. JSON is best selected as text.

    What is asked within `together` is fetched after it: before, that takes a round trip of its own.
    """
    assert isinstance(session, ScopedSession)
    if session.unsent:
        _run(session, session.unsent)
        session.unsent.clear()
    return _run(session, [(statement, values)])


def columns(kind: type[Row]) -> str:
    """The structure's columns for a SELECT list, of the table `t`."""
    return ", ".join(f't."{name}"' for name in kind.__struct_fields__)


def _run(session: Session, statements: Sequence[wire.Statement]) -> psycopg.Cursor[Any]:
    session.flush()
    return wire.run(driver_of(session), statements)


def _take_ids(session: Session, table: str, count: int) -> Iterable[int]:
    """Those that were kept; for more, one statement."""
    kept: list[int] = session.info.get((_IDS, table), [])
    if len(kept) < count:
        lacking = {table: count - len(kept)}
        ((more,),) = read_rows(session, f"SELECT {ids_ahead(table)}".encode(), lacking)
        kept = kept + msgspec.json.decode(more)
    session.info[_IDS, table] = kept[count:]
    return kept[:count]


def _values(table: str, rows: Sequence[Row]) -> dict[str, str | Documents]:
    """By column, the array of what the rows have in it."""
    by_column = zip(*map(msgspec.structs.astuple, rows), strict=True)
    writers = _writers(table, type(rows[0]))
    return {name: write(values) for (name, write), values in zip(writers.items(), by_column, strict=True)}


def _values_alone(table: str, row: Row) -> dict[str, str | None]:
    """By column, what the row has in it."""
    documents = _documents(table, type(row))
    return {
        name: _write_document(value) if name in documents else _spell(value)
        for name, value in zip(row.__struct_fields__, msgspec.structs.astuple(row), strict=True)
    }


@cache
def _documents(table: str, kind: type[Row]) -> frozenset[str]:
    columns = Model.metadata.tables[table].c
    return frozenset(name for name in kind.__struct_fields__ if isinstance(columns[name].type, JSON))


@cache
def _writers(table: str, kind: type[Row]) -> Mapping[str, _Writer]:
    columns = Model.metadata.tables[table].c
    return {field.name: _writer(field.type, columns[field.name].type) for field in msgspec.structs.fields(kind)}


def _writer(sent: Any, stored: object) -> _Writer:
    if sent is msgspec.Raw:
        return lambda values: Documents(map(bytes, values))
    if isinstance(stored, JSON):
        return _write_documents
    return _write_texts if isinstance(stored, Text) else _write


def _write(values: Sequence[Any]) -> str:
    """A list in JSON is, but for its brackets, an array's literal: numbers, times and null are spelt alike."""
    return _in_braces(msgspec.json.encode(values)[1:-1].decode())


def _write_texts(values: Sequence[str | None]) -> str:
    written = _write(values)
    if "\\" not in written:
        return written
    # Of JSON's escapes, arrays know those of quotes and of the backslash itself.
    return _in_braces(",".join("null" if one is None else f'"{one.translate(_ESCAPED)}"' for one in values))


def _spell(value: object) -> str | None:
    """As PostgreSQL reads it, whatever the column's type."""
    return None if value is None else str(value)


def _in_braces(elements: str) -> str:
    return "{" + elements + "}"


def _write_documents(values: Sequence[Any]) -> str:
    """Documents are texts without control characters, which JSON has spelt out."""
    return _write(list(map(_write_document, values)))


def _write_document(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _arrays(table: str, kind: type[Row]) -> dict[str, sql.Composed]:
    """By column, the elements of what was sent for it."""
    return {
        name: sql.SQL("unnest({}::{}[]) AS {}").format(
            sql.Placeholder(name), _type_of(table, name), sql.Identifier(name)
        )
        for name in kind.__struct_fields__
    }


def _scalars(table: str, names: Iterable[str]) -> dict[str, sql.Composed]:
    """By column, what was sent for it."""
    return {name: sql.SQL("{}::{}").format(sql.Placeholder(name), _type_of(table, name)) for name in names}


def _type_of(table: str, column: str) -> sql.SQL:
    return sql.SQL(Model.metadata.tables[table].c[column].type.compile(_DIALECT))


@cache
def _insert(table: str, kind: type[Row], shared: tuple[str, ...], *, numbered: bool, alone: bool) -> bytes:
    sent = _scalars(table, kind.__struct_fields__) if alone else _arrays(table, kind)
    sent |= _scalars(table, shared)
    if not numbered:
        del sent["id"]
    into, rows = sql.SQL(", ").join(map(sql.Identifier, sent)), sql.SQL(", ").join(sent.values())
    statement = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {}")
    return statement.format(sql.Identifier(table), into, rows).as_bytes()


@cache
def _update(table: str, kind: type[Row]) -> bytes:
    sent = _arrays(table, kind)
    names = [sql.Identifier(name) for name in sent if name != "id"]
    sets = sql.SQL(", ").join(sql.SQL("{0} = n.{0}").format(name) for name in names)
    statement = sql.SQL("UPDATE {0} SET {1} FROM (SELECT {2}) n WHERE {0}.id = n.id")
    return statement.format(sql.Identifier(table), sets, sql.SQL(", ").join(sent.values())).as_bytes()
