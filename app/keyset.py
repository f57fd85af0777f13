"""Lists in parts that begin behind a row, not at a number: what comes and goes meanwhile shifts nothing.

A cursor says the values by which its row is sorted, so it holds although the row itself has moved or gone.
"""

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from sqlalchemy import BigInteger, DateTime, Integer, Select, Text, func, literal, tuple_
from sqlalchemy.orm import Session

T = TypeVar("T")
U = TypeVar("U")
_LONGEST: Final = 4_000
"""More than the longest title takes, every letter of it written as six."""
_KINDS: Final[dict[type, Any]] = {
    BigInteger: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    Integer: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)],
    Text: Annotated[str, msgspec.Meta(pattern=r"\A[^\0]*\Z")],
    DateTime: datetime,
}
"""What PostgreSQL takes for a column of the type: anybody may write a cursor."""


@dataclass(frozen=True, slots=True)
class Sort:
    """A total order: `keys` are columns or expressions that are never NULL, the last of them unique."""

    keys: tuple[Any, ...]
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """Some rows of a list. `before` and `after` are the cursors to ask with next, None at the ends."""

    rows: Sequence[T]
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Page(Part[T]):
    """A part of a list that says how many rows the whole list has."""

    total: int

    def with_rows(self, rows: Sequence[U]) -> "Page[U]":
        """The same part, each row with what else is shown of it."""
        return Page(rows, self.before, self.after, self.total)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part begins: behind one cursor or in front of another, or where the list does."""

    after: str = ""
    before: str = ""


BEGINNING: Final = Place()


def read_page(
    session: Session, query: Select[*tuple[Any, ...]], sort: Sort, place: Place, *, limit: int, make: Callable[..., T]
) -> Page[T]:
    """The part of a select at a place, and the number of all its rows. `make` builds a row of the selected columns."""
    count = query.with_only_columns(func.count(), maintain_column_froms=True)
    total = session.scalar(count) or 0
    part = read_part(session, query, sort, after=place.after, before=place.before, limit=limit)
    rows = [make(*tuple(found)[: -len(sort.keys)]) for found in part.rows]
    return Page(rows, part.before, part.after, total)


def cut_page(rows: Sequence[T], key: Callable[[T], Sequence[int]], place: Place, *, limit: int) -> Page[T]:
    """The part at a place of rows that were worked out, not selected; they are sorted upwards by `key`, unique."""
    keys = [list(key(row)) for row in rows]
    cursor = _decode(place.before or place.after, list[int]) or []
    if place.before:
        end = bisect_left(keys, cursor)
        start = max(0, end - limit)
    else:
        start = bisect_right(keys, cursor)
        end = start + limit
    if not rows[start:end]:
        start, end = 0, limit
    before = _encode(keys[start]) if start else None
    return Page(rows[start:end], before, _encode(keys[end - 1]) if end < len(rows) else None, len(rows))


def only(row: T) -> T:
    """`make` for a select of one model: the row is what was found."""
    return row


def read_part(session: Session, query: Any, sort: Sort, *, after: str = "", before: str = "", limit: int) -> Part[Any]:
    """The rows of a select behind `after`, or in front of `before`; the keys stand behind the columns of each row.

    A cursor that says nothing, belongs to another order, or has nothing left on its side, shows the beginning.
    """
    whole, keys, place = query, sort.keys, _read(before or after, sort)
    backwards = bool(before) and place is not None
    downwards = sort.is_descending != backwards
    if place is not None:
        here, there = tuple_(*keys), tuple_(*(literal(v, key.type) for v, key in zip(place, keys, strict=True)))
        query = query.where(here < there if downwards else here > there)
    query = query.add_columns(*keys).order_by(*(key.desc() if downwards else key.asc() for key in keys))
    found = list(session.execute(query.limit(limit + 1)))
    if not found and place is not None:
        return read_part(session, whole, sort, limit=limit)
    has_more = len(found) > limit
    del found[limit:]
    if backwards:
        found.reverse()
    has_before, has_after = (has_more, True) if backwards else (place is not None, has_more)
    return Part(
        found,
        _write(found[0], sort) if found and has_before else None,
        _write(found[-1], sort) if found and has_after else None,
    )


def walk_parts(find: Callable[[Place], Part[T]]) -> Iterator[Part[T]]:
    """Every part of a list that `find` reads by its place, from the beginning on."""
    place = BEGINNING
    while True:
        part = find(place)
        if place is not BEGINNING and part.before is None:
            return  # what was left is gone meanwhile: this is the beginning again
        yield part
        if part.after is None:
            return
        place = Place(after=part.after)


def read_values(stored: Sequence[Any], keys: Sequence[Any]) -> list[Any]:
    """Of what stands in a cursor, the values of the keys. Raises ValueError when their columns cannot hold them."""
    kinds = [_KINDS[type(key.type)] for key in keys]
    return [msgspec.convert(value, kind) for value, kind in zip(stored, kinds, strict=True)]


def _write(row: Sequence[Any], sort: Sort) -> str:
    return _encode(list(row)[-len(sort.keys) :])


def _encode(values: Sequence[Any]) -> str:
    raw = msgspec.json.encode(values)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read(cursor: str, sort: Sort) -> list[Any] | None:
    stored = _decode(cursor, list[Any])
    try:
        return None if stored is None else read_values(stored, sort.keys)
    except ValueError:
        return None


def _decode(cursor: str, kind: type[list[U]]) -> list[U] | None:
    try:
        return msgspec.json.decode(base64.b64decode(cursor[:_LONGEST] + "==", altchars=b"-_"), type=kind)
    except (ValueError, msgspec.DecodeError, RecursionError):
        return None
