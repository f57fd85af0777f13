"""Rows by the hundred: one statement a table. For the few places where the ORM's price per object is too high.

Their ids are taken from the table's sequence before they are written, so that rows that name each other travel together
(`together`) and no statement waits for another's answer.

Rows travel by the column, each a list in JSON that msgspec writes and PostgreSQL casts to the column's type: as objects
they would cost it twice as much, for it looks every name up in every row. A struct's fields are the columns it speaks
for: other columns keep their defaults, and what others write into them. A field of type msgspec.Raw is a whole document
for a column of type json: it travels as it is, and is read once.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, cast

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.orm import Session

from app.arrays import Documents
from app.models.mapping import Model

_IDS: Final = "ids"
_DIALECT: Final = dialect()  # type: ignore[no-untyped-call]


class Row(msgspec.Struct, kw_only=True):
    """A row of a table with an identity column; `id` is 0 until it is stored."""

    id: int = 0


def insert_rows(session: Session, table: str, rows: Sequence[Row], *, numbered: bool = False) -> None:
    """Insert the rows. `numbered`: each is given its `id`."""
    if not rows:
        return
    if numbered:
        for row, number in zip(rows, _take_ids(session, table, len(rows)), strict=True):
            row.id = number
    send(session, _insert(table, type(rows[0]), numbered=numbered), _values(rows))


def update_rows(session: Session, table: str, rows: Sequence[Row]) -> None:
    """Write every column that the rows' structure has, by `id`."""
    if rows:
        send(session, _update(table, type(rows[0])), _values(rows))


def send(session: Session, statement: bytes, values: Mapping[str, Any]) -> None:
    """Have a statement done that has no answer."""
    _cursor(session).execute(statement, values)


@contextlib.contextmanager
def together(session: Session) -> Iterator[None]:
    """Send statements without waiting for one another: a round trip for all of them, or up to the next answer."""
    session.flush()
    with _driver(session).pipeline():
        yield


def ids_ahead(table: str) -> str:
    """What to select for `keep_ids`: so many ids as the parameter named like the table says."""
    return f"array_to_json(ARRAY(SELECT nextval('{table}_id_seq') FROM generate_series(1, %({table})s)))::text"  # noqa: S608


def keep_ids(session: Session, table: str, ids: str) -> None:
    """Ids for rows that this transaction is going to insert."""
    session.info.setdefault((_IDS, table), []).extend(msgspec.json.decode(ids))


def read_rows(session: Session, statement: bytes, values: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    """What a statement answers, once what the session has not yet written is. JSON is best selected as text."""
    return _cursor(session).execute(statement, values)


def columns(kind: type[Row]) -> str:
    """The structure's columns for a SELECT list, of the table `t`."""
    return ", ".join(f't."{name}"' for name in kind.__struct_fields__)


def _cursor(session: Session) -> psycopg.Cursor[Any]:
    session.flush()
    return _driver(session).cursor()


def _driver(session: Session) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)


def _take_ids(session: Session, table: str, count: int) -> Iterable[int]:
    """Those that were kept; for more, one statement."""
    kept: list[int] = session.info.get((_IDS, table), [])
    if len(kept) < count:
        lacking = {table: count - len(kept)}
        ((more,),) = read_rows(session, f"SELECT {ids_ahead(table)}".encode(), lacking)
        kept = kept + msgspec.json.decode(more)
    session.info[_IDS, table] = kept[count:]
    return kept[:count]


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
def _insert(table: str, kind: type[Row], *, numbered: bool) -> bytes:
    sent = _cast(table, kind)
    if not numbered:
        del sent["id"]
    statement = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}")
    into, rows = sql.SQL(", ").join(map(sql.Identifier, sent)), sql.SQL(", ").join(sent.values())
    return statement.format(sql.Identifier(table), into, rows, _source(kind)).as_bytes()


@cache
def _update(table: str, kind: type[Row]) -> bytes:
    sent = _cast(table, kind)
    found = sent.pop("id")
    sets = sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(name), value) for name, value in sent.items())
    statement = sql.SQL("UPDATE {0} SET {1} FROM {2} WHERE {0}.id = {3}")
    return statement.format(sql.Identifier(table), sets, _source(kind), found).as_bytes()
