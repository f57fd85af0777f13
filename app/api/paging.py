"""Parts of lists by key, not by number: what is added or removed meanwhile shifts nothing."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import literal, tuple_
from sqlalchemy.orm import Session

from app.api.shapes import Listing
from app.errors import ValidationErrors
from app.keyset import read_values


@dataclass(frozen=True, slots=True)
class Order:
    """A total order: `keys` are columns or expressions that are never NULL, the last of them unique."""

    keys: tuple[Any, ...]
    is_descending: bool = False


def read_page(session: Session, query: Any, order: Order, wanted: Listing) -> tuple[list[Any], str | None]:
    """One part of `query` (a select) and the cursor of the next; the keys are added behind the columns of each row.

    Raises ValidationErrors for a cursor that is none of ours, or that belongs to other filters.
    """
    keys = order.keys
    if wanted.cursor is not None:
        values = [literal(v, k.type) for v, k in zip(_read_cursor(wanted, order), keys, strict=True)]
        here, there = tuple_(*keys), tuple_(*values)
        query = query.where(here < there if order.is_descending else here > there)
    query = query.add_columns(*keys).order_by(*(key.desc() if order.is_descending else key for key in keys))
    rows = list(session.execute(query.limit(wanted.limit + 1)))
    if len(rows) <= wanted.limit:
        return rows, None
    rows.pop()
    return rows, _write_cursor(wanted, list(rows[-1])[-len(keys) :])


def _write_cursor(wanted: Listing, values: list[Any]) -> str:
    raw = msgspec.json.encode([_fingerprint(wanted), *values])
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read_cursor(wanted: Listing, order: Order) -> list[Any]:
    assert wanted.cursor is not None
    try:
        raw = base64.b64decode(wanted.cursor.encode() + b"=" * (-len(wanted.cursor) % 4), altchars=b"-_", validate=True)
        mark, *stored = msgspec.json.decode(raw, type=list[Any])
        values = read_values(stored, order.keys)
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise ValidationErrors({"?cursor": "This is no cursor of this list. Begin again without one."}) from None
    if mark != _fingerprint(wanted):
        raise ValidationErrors({"?cursor": "This cursor belongs to other filters. Begin again without one."})
    return values


def _fingerprint(wanted: Listing) -> str:
    """Of the filters and the order: a cursor makes sense under the same ones only."""
    bare = msgspec.structs.replace(wanted, cursor=None, limit=1)
    named = [type(bare).__name__, bare]
    return hashlib.sha256(msgspec.json.encode(named)).hexdigest()[:8]
