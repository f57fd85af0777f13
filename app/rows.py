"""Rows by the hundred: one statement a table. For the few places where the ORM's price per object is too high.

Rows travel as one JSON document, which PostgreSQL casts to the table's own column types; msgspec writes and reads it.
A struct's fields are the columns it speaks for: other columns keep their defaults, and what others write into them.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy.orm import Session


class Row(msgspec.Struct, kw_only=True):
    """A row of a table with an identity column; `id` is 0 until it is stored."""

    id: int = 0


def insert_rows(session: Session, table: str, rows: Sequence[Row], *, key: str | None = None) -> None:
    """Insert the rows. With `key`, a column that tells them apart, each gets the `id` it was given."""
    if not rows:
        return
    statement = _insert(table, type(rows[0]).__struct_fields__, key)
    with _cursor(session) as cursor:
        cursor.execute(statement, [msgspec.json.encode(rows).decode()])
        if key is not None:
            ids = dict(cursor.fetchall())
            for row in rows:
                row.id = ids[getattr(row, key)]


def update_rows(session: Session, table: str, rows: Sequence[Row]) -> None:
    """Write every column that the rows' structure has, by `id`."""
    if rows:
        with _cursor(session) as cursor:
            statement = _update(table, type(rows[0]).__struct_fields__)
            cursor.execute(statement, [msgspec.json.encode(rows).decode()])


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
def _insert(table: str, fields: tuple[str, ...], key: str | None) -> bytes:
    names = sql.SQL(", ").join(sql.Identifier(name) for name in fields if name != "id")
    statement = "INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s::json)"
    returning = sql.SQL(" RETURNING {}, id").format(sql.Identifier(key)) if key else sql.SQL("")
    return (sql.SQL(statement).format(table=sql.Identifier(table), names=names) + returning).as_bytes()


@cache
def _update(table: str, fields: tuple[str, ...]) -> bytes:
    sets = [sql.SQL("{0} = n.{0}").format(sql.Identifier(name)) for name in fields if name != "id"]
    statement = (
        "UPDATE {table} SET {sets} FROM json_populate_recordset(NULL::{table}, %s::json) n WHERE {table}.id = n.id"
    )
    return sql.SQL(statement).format(table=sql.Identifier(table), sets=sql.SQL(", ").join(sets)).as_bytes()
