"""Which units edits added to an order and took off it, by how much they made lines cheaper, and when. What had been
ordered by then, at the price of then, shares a shipping line; and it is what a part payment was for.

orders/edited tells of each edit, once, twice or never, and nothing of discounts; Shopify's own list of them, where we
asked for it, replaces everything that was told of the time before. So both may come in any order.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from app.shopify import payloads_orders as payloads

_ANSWERED_WITHIN: Final = timedelta(days=1)
"""Shopify is asked every hour. Of an order that it tells nothing of any more, nothing is held for ever."""


class Addition(msgspec.Struct, frozen=True):
    at: datetime
    units: Mapping[str, int]
    """By component of the order: "line:7", "shipping:3"."""
    removed: Mapping[str, int] = {}
    """Units of lines that it took off."""
    off: Mapping[str, int] = {}
    """By how much lines that were there became cheaper, in minor units."""
    edit: int | None = None
    """The number under which orders/edited told of it; None: from Shopify's list."""


class Additions(msgspec.Struct, frozen=True):
    edits: tuple[Addition, ...] = ()
    until: datetime | None = None
    """Shopify's list has every edit before this moment; None: we never asked for it."""


def with_told(known: Additions, edit: payloads.OrderEdit) -> Additions:
    """With an edit that orders/edited tells of."""
    at = edit.committed_at or edit.created_at
    if at is None or any(one.edit == edit.id for one in known.edits):
        return known
    if known.until is not None and at < known.until:
        return known
    lines, shipping = edit.line_items, edit.shipping_lines
    units = _units("line", lines.additions) | _units("shipping", shipping.additions)
    told = Addition(at, units, _units("line", lines.removals), edit=edit.id)
    return Additions((*known.edits, told), known.until)


def with_read(known: Additions, order: payloads.Order) -> Additions:
    """With Shopify's list, where the order came with it."""
    until = order.updated_at + payloads.READ_AFTER
    if order.app_additions is None or (known.until is not None and until <= known.until):
        return known
    # The list was read after the order: of what was edited since, orders/edited tells, or the next look.
    listed = [Addition(one.at, one.units, one.removed, one.off) for one in order.app_additions if one.at < until]
    later = [one for one in known.edits if one.edit is not None and one.at >= until]
    return Additions((*listed, *later), until)


def in_turn(known: Additions, order_of: datetime) -> list[Addition]:
    """The oldest edit first, of those that an order of that time has in it."""
    edits = (one for one in known.edits if one.edit is None or one.at <= order_of)
    return sorted(edits, key=lambda one: (one.at, one.edit or 0))


def asked_until(known: Additions) -> datetime | None:
    """Until when to wait for Shopify's word on edits of which only orders/edited told; None: it has told everything."""
    told = [one.at for one in known.edits if one.edit is not None]
    return max(told) + _ANSWERED_WITHIN if told else None


def _units(kind: str, changes: Iterable[payloads.Change]) -> dict[str, int]:
    units: dict[str, int] = {}
    for one in changes:
        if one.id is not None and one.delta > 0:
            units[f"{kind}:{one.id}"] = units.get(f"{kind}:{one.id}", 0) + one.delta
    return units
