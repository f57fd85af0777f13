"""Where a vendor's money stands: pending until sent, on hold for the return window, then available. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from app.commissions.rules import FULL_BPS
from app.money import round_half_away, split
from app.orders.facts import Fulfilment, Line, Order, VendorTerms
from app.orders.returns import returned_units, units_to_ship
from app.orders.shipping import goods_of


class Stage(StrEnum):
    PENDING = "pending"
    HELD = "held"
    AVAILABLE = "available"
    RESERVE = "reserve"


class HoldReason(StrEnum):
    """From the weightiest on: of several, the first is told."""

    TEST_ORDER = "test_order"
    CHECK = "check"
    """The order's amounts do not add up; a person must look at them first. Or Shopify is asked what an edit changed."""
    DISPUTE = "dispute"
    """The customer went to the bank, which has not decided yet."""
    TO_SHIP = "to_ship"
    RETURN_WINDOW = "return_window"
    RESERVE = "reserve"
    """A part kept back for refunds that may still come."""


_REASONS: Final = tuple(HoldReason)
DATED: Final = frozenset({HoldReason.RETURN_WINDOW, HoldReason.RESERVE})
"""Those that a day ends. Beside a weightier one, another part of the order may have its day."""
NO_DEBT_YET: Final = frozenset({HoldReason.TEST_ORDER, HoldReason.CHECK, HoldReason.DISPUTE})
"""While these last, what stands below nought may still change, or is never taken."""


class Bucket(msgspec.Struct, frozen=True):
    """A part of a vendor's amount, at one stage."""

    amount: int
    stage: Stage
    since: datetime
    reason: HoldReason | None = None
    release_at: datetime | None = None
    was_reserved: bool = False
    """Available now, after its time in the reserve."""


class Disputed(msgspec.Struct, frozen=True):
    """How much of a vendor's amount the bank may take, since when."""

    amount: int
    since: datetime


class _Parcel(msgspec.Struct, frozen=True):
    """Units of a line that share a fate: not sent (`sent_at` None), or sent together."""

    units: int
    sent_at: datetime | None


def line_buckets(order: Order, line: Line, amount: int, now: datetime, *, flagged: bool) -> list[Bucket]:
    """Divide a line's net amount over its units: not yet sent, and each sent parcel with its own release date."""
    parcels = _parcels(order, line)
    shares = split(amount, [parcel.units for parcel in parcels])
    return [
        _bucket(order, parcel.sent_at, share, line.terms.hold_days, now, flagged=flagged)
        for parcel, share in zip(parcels, shares, strict=True)
        if share
    ]


def shipping_bucket(order: Order, vendor_id: int, amount: int, now: datetime, *, flagged: bool) -> Bucket:
    """A vendor's shipping follows the last of the vendor's parcels; without any goods, the last event of the order."""
    lines = goods_of(order, vendor_id)
    parcels = [parcel for line in lines for parcel in _parcels(order, line)] or [_Parcel(1, _last_event(order))]
    sent = None if any(p.sent_at is None for p in parcels) else max(p.sent_at for p in parcels if p.sent_at)
    return _bucket(order, sent, amount, max((line.terms.hold_days for line in lines), default=0), now, flagged=flagged)


def next_release_at(buckets: Iterable[Bucket]) -> datetime | None:
    """When the next held amount becomes available; None when no date is set."""
    return min([bucket.release_at for bucket in buckets if bucket.release_at], default=None)


def hold_reason(buckets: Iterable[Bucket]) -> HoldReason | None:
    """Why what the vendor does not have yet is kept: the reason that weighs most; None when nothing is kept."""
    reasons = {bucket.reason for bucket in buckets if bucket.reason and bucket.amount}
    return next((reason for reason in _REASONS if reason in reasons), None)


def keep_reserve(parts: list[Bucket], terms: VendorTerms, now: datetime) -> list[Bucket]:
    """Keep a part of what has become available back for some days more. Debts have no reserve."""
    if not terms.reserve_bps:
        return parts
    kept: list[Bucket] = []
    for part in parts:
        reserve = round_half_away(max(0, part.amount) * terms.reserve_bps / FULL_BPS)
        if part.stage is not Stage.AVAILABLE or not reserve:
            kept.append(part)
            continue
        until = part.since + timedelta(days=terms.reserve_days)
        if part.amount != reserve:
            kept.append(replace(part, amount=part.amount - reserve))
        if now < until:
            kept.append(Bucket(reserve, Stage.RESERVE, part.since, HoldReason.RESERVE, until))
        else:
            kept.append(Bucket(reserve, Stage.AVAILABLE, until, was_reserved=True))
    return kept


def _parcels(order: Order, line: Line) -> list[_Parcel]:
    """Never empty. With nothing left to send, what remains follows the last event of the order."""
    back = returned_units(line, order)
    parcels: list[_Parcel] = []
    # Which unit came back is not known: the youngest parcel is the one that most likely is still on hold.
    for parcel in reversed(_in_time(order)):
        units = parcel.quantities.get(line.id, 0)
        kept = max(0, units - back)
        back -= units - kept
        parcels += [_Parcel(kept, parcel.at)] if kept else []
    if unsent := units_to_ship(line, order):
        parcels.append(_Parcel(unsent, None))
    return parcels[::-1] or [_Parcel(1, _last_event(order))]


def _in_time(order: Order) -> list[Fulfilment]:
    return sorted(order.fulfilments, key=lambda fulfilment: (fulfilment.at, fulfilment.id))


def _last_event(order: Order) -> datetime:
    return max([order.ordered_at, *(refund.at for refund in order.refunds)])


def _bucket(
    order: Order, sent_at: datetime | None, amount: int, hold_days: int, now: datetime, *, flagged: bool
) -> Bucket:
    if order.test:
        return Bucket(amount, Stage.PENDING, order.ordered_at, HoldReason.TEST_ORDER)
    if sent_at is None:
        return Bucket(amount, Stage.PENDING, order.ordered_at, HoldReason.TO_SHIP)
    release_at = sent_at + timedelta(days=hold_days)
    if flagged:
        return Bucket(amount, Stage.HELD, sent_at, HoldReason.CHECK)
    if now < release_at:
        return Bucket(amount, Stage.HELD, sent_at, HoldReason.RETURN_WINDOW, release_at)
    if order.asked_until and now < order.asked_until and amount > 0:  # a debt is taken at once
        return Bucket(amount, Stage.HELD, sent_at, HoldReason.CHECK, order.asked_until)
    return Bucket(amount, Stage.AVAILABLE, release_at)
