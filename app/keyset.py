"""Lists in parts that begin behind a row, not at a number: what comes and goes meanwhile shifts nothing.

A cursor says the values by which its row is sorted, so it holds although the row itself has moved or gone.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from sqlalchemy import BigInteger, DateTime, Integer, Text, literal, tuple_
from sqlalchemy.orm import Session

T = TypeVar("T")
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


def read_values(stored: Sequence[Any], keys: Sequence[Any]) -> list[Any]:
    """Of what stands in a cursor, the values of the keys. Raises ValueError when their columns cannot hold them."""
    kinds = [_KINDS[type(key.type)] for key in keys]
    return [msgspec.convert(value, kind) for value, kind in zip(stored, kinds, strict=True)]


def _write(row: Sequence[Any], sort: Sort) -> str:
    raw = msgspec.json.encode(list(row)[-len(sort.keys) :])
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read(cursor: str, sort: Sort) -> list[Any] | None:
    try:
        stored = msgspec.json.decode(base64.b64decode(cursor[:_LONGEST] + "==", altchars=b"-_"), type=list[Any])
        return read_values(stored, sort.keys)
    except (ValueError, msgspec.DecodeError, RecursionError):
        return None
