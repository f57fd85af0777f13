"""Rows by the hundred: one statement a table. For the few places where the ORM's price per object is too high.

Rows travel by the column, each a list in JSON that msgspec writes and PostgreSQL casts to the column's type: as objects
they would cost it twice as much, for it looks every name up in every row. A struct's fields are the columns it speaks
for: other columns keep their defaults, and what others write into them. A field of type msgspec.Raw is a whole document
for a column of type json: it travels as it is, and is read once.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, cast

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.orm import Session

from app.arrays import Documents
from app.models.mapping import Model

_DIALECT: Final = dialect()  # type: ignore[no-untyped-call]


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
    """The structure's columns for a SELECT list, of the table `t`."""
    return ", ".join(f't."{name}"' for name in kind.__struct_fields__)


def _cursor(session: Session) -> psycopg.Cursor[Any]:
    session.flush()
    return cast("psycopg.Cursor[Any]", session.connection().connection.cursor())


def _values(rows: Sequence[Row]) -> dict[str, Documents]:
    """The columns as lists in JSON; whole documents apart."""
    kind = type(rows[0])
    by_name = dict(zip(kind.__struct_fields__, zip(*map(msgspec.structs.astuple, rows), strict=True), strict=True))
    whole = by_name.pop(_document(kind) or "", ())
    return {
        "columns": Documents(map(msgspec.json.encode, by_name.values())),
        "documents": Documents(map(bytes, whole)),
    }


@cache
def _document(kind: type[Row]) -> str | None:
    return next((field.name for field in msgspec.structs.fields(kind) if field.type is msgspec.Raw), None)


@cache
def _source(kind: type[Row]) -> sql.Composed:
    """The rows that were sent, as `n`; apart from whole documents all their columns are text."""
    document = _document(kind)
    names = [name for name in kind.__struct_fields__ if name != document]
    lists: list[sql.Composable] = [
        sql.SQL("json_array_elements_text((%(columns)b::json[])[{}])").format(place)
        for place in range(1, len(names) + 1)
    ]
    if document:
        names.append(document)
        lists.append(sql.SQL("unnest(%(documents)b::json[])"))
    return sql.SQL("ROWS FROM ({}) n ({})").format(
        sql.SQL(", ").join(lists), sql.SQL(", ").join(map(sql.Identifier, names))
    )


def _cast(table: str, kind: type[Row]) -> dict[str, sql.Composed]:
    """By column, what was sent for it."""
    columns = Model.metadata.tables[table].c
    types = {name: sql.SQL(columns[name].type.compile(_DIALECT)) for name in kind.__struct_fields__}
    return {name: sql.SQL("n.{}::{}").format(sql.Identifier(name), type_) for name, type_ in types.items()}


@cache
def _insert(table: str, kind: type[Row], key: str | None) -> bytes:
    sent = _cast(table, kind)
    del sent["id"]
    into = sql.SQL(", ").join(map(sql.Identifier, sent))
    returning = sql.SQL(" RETURNING {}, id").format(sql.Identifier(key)) if key else sql.SQL("")
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}{}")
    rows = sql.SQL(", ").join(sent.values())
    return statement.format(sql.Identifier(table), into, rows, _source(kind), returning).as_bytes()


@cache
def _update(table: str, kind: type[Row]) -> bytes:
    sent = _cast(table, kind)
    found = sent.pop("id")
    sets = sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(name), value) for name, value in sent.items())
    statement = sql.SQL("UPDATE {0} SET {1} FROM {2} WHERE {0}.id = {3}")
    return statement.format(sql.Identifier(table), sets, _source(kind), found).as_bytes()
