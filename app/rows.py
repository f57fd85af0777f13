"""Rows by the hundred: one statement a table. For the few places where the ORM's price per object is too high.

Rows travel as one JSON document, which PostgreSQL casts to the table's own column types; msgspec writes and reads it.
A struct's fields are the columns it speaks for: other columns keep their defaults, and what others write into them. A
field of type msgspec.Raw is a whole document for a column of type json: it travels beside the rows, and is read once.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, cast

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy.orm import Session

from app.arrays import Documents

_ELSEWHERE: Final = msgspec.Raw(b"null")


class Row(msgspec.Struct, kw_only=True):
    """A row of a table with an identity column; `id` is 0 until it is stored."""

    id: int = 0


def insert_rows(session: Session, table: str, rows: Sequence[Row], *, key: str | None = None) -> None:
    """Insert the rows. With `key`, a column that tells them apart, each gets the `id` it was given."""
    if not rows:
        return
    with _cursor(session) as cursor:
        cursor.execute(_insert(table, type(rows[0]), key), _values(rows))
        if key is not None:
            ids = dict(cursor.fetchall())
            for row in rows:
                row.id = ids[getattr(row, key)]


def update_rows(session: Session, table: str, rows: Sequence[Row]) -> None:
    """Write every column that the rows' structure has, by `id`."""
    if rows:
        with _cursor(session) as cursor:
            cursor.execute(_update(table, type(rows[0])), _values(rows))


def read_rows(session: Session, statement: bytes, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """What a statement answers, once what the session has not yet written is. JSON is best selected as text."""
    with _cursor(session) as cursor:
        yield from cursor.execute(statement, values)


def columns(kind: type[Row]) -> str:
    """The structure's columns for a SELECT list."""
    return ", ".join(f'"{name}"' for name in kind.__struct_fields__)


def _cursor(session: Session) -> psycopg.Cursor[Any]:
    session.flush()
    return cast("psycopg.Cursor[Any]", session.connection().connection.cursor())


@cache
def _document(kind: type[Row]) -> str | None:
    return next((field.name for field in msgspec.structs.fields(kind) if field.type is msgspec.Raw), None)


def _values(rows: Sequence[Row]) -> list[Any]:
    name = _document(type(rows[0]))
    if name is None:
        return [msgspec.json.encode(rows).decode()]
    bare = [msgspec.structs.replace(row, **{name: _ELSEWHERE}) for row in rows]
    return [msgspec.json.encode(bare).decode(), Documents(bytes(getattr(row, name)) for row in rows)]


def _source(table: str, kind: type[Row]) -> sql.Composed:
    """The rows that were sent, as `n`; their documents in the column that is called as the function is."""
    documents = sql.SQL(", unnest(%b::json[])") if _document(kind) else sql.SQL("")
    rows = sql.SQL("ROWS FROM (json_populate_recordset(NULL::{}, %s::json){}) n")
    return rows.format(sql.Identifier(table), documents)


def _names(kind: type[Row]) -> list[tuple[sql.Identifier, sql.Identifier]]:
    """Each column and what it is called among the rows that were sent."""
    fields = [name for name in kind.__struct_fields__ if name != "id"]
    document = _document(kind)
    return [(sql.Identifier(name), sql.Identifier("unnest" if name == document else name)) for name in fields]


@cache
def _insert(table: str, kind: type[Row], key: str | None) -> bytes:
    into, sent = (sql.SQL(", ").join(names) for names in zip(*_names(kind), strict=True))
    returning = sql.SQL(" RETURNING {}, id").format(sql.Identifier(key)) if key else sql.SQL("")
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}{}")
    return statement.format(sql.Identifier(table), into, sent, _source(table, kind), returning).as_bytes()


@cache
def _update(table: str, kind: type[Row]) -> bytes:
    sets = sql.SQL(", ").join(sql.SQL("{} = n.{}").format(*names) for names in _names(kind))
    statement = sql.SQL("UPDATE {0} SET {1} FROM {2} WHERE {0}.id = n.id")
    return statement.format(sql.Identifier(table), sets, _source(table, kind)).as_bytes()
