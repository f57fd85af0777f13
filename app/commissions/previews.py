"""What a change of the list would have made of the last ninety days: computed in steps, before anything is saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, zip_longest
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app import clock
from app.commissions.agreements import get_agreed
from app.commissions.collections import read_new, watch_named
from app.commissions.queries import list_rules, read_rule, write_rule
from app.commissions.rules import Rule, choose_rule, days_on_hold, line_fee
from app.commissions.sets import find_members, read_sold_line
from app.db import scoped, system
from app.errors import NotFound
from app.models.commissions import CommissionPreview
from app.models.orders import Order, OrderLine
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money
from app.queue import enqueue_after_commit
from app.turns import LEASE, SLICE_SECONDS, Turns

DAYS: Final = 90
_KEPT: Final = timedelta(days=1)
_AT_ONCE: Final = 1000
_READ_SECONDS: Final = 20.0
"""Of all collections: with a last call to Shopify that hangs it is still within the lease."""
_TURNS: Final = Turns("jobs.commissions.preview", CommissionPreview, CommissionPreview.made_at)


@dataclass(frozen=True, slots=True)
class VendorRow:
    """One vendor's ninety days: what was sold, and the commission on it."""

    name: str
    lines: int
    sold: Money
    taken: Money
    """By the lists that were in force at the sales."""
    before: Money
    """By the list that was in force when the preview was asked for."""
    after: Money
    """By the list with the change."""
    longer: int = 0
    """Lines whose money would be on hold for more days with the change than without it."""
    shorter: int = 0

    @property
    def difference(self) -> Money:
        return self.after - self.before

    @property
    def is_as_taken(self) -> bool:
        return self.before == self.taken


def ask(session: Session, shop: Shop, rules: Sequence[Rule], actor: str) -> CommissionPreview:
    """Have a preview of `rules`, the whole list from the top, computed soon."""
    now = clock.now()
    since = now - timedelta(days=DAYS)
    count = select(func.count()).select_from(OrderLine).join(Order, Order.id == OrderLine.order_id)
    preview = CommissionPreview(
        shop_id=shop.id,
        made_by=actor,
        made_at=now,
        rules=[write_rule(rule) for rule in rules],
        since=since,
        total=session.scalar(count.where(*_sold(shop.id, since, shop.currency))) or 0,
    )
    session.add(preview)
    session.flush()
    watch_named(session, shop.id)
    _sweep_soon(session)
    return preview


def _sweep_soon(session: Session) -> None:
    """It rings for whose turn it is."""
    enqueue_after_commit(session, "jobs.commissions.sweep", queue="payouts")


def compute(shop_id: int, preview_id: int, place: int, *, seconds: float = SLICE_SECONDS) -> None:
    """Go on with a preview from a place until it is done or the time is over; then it is the next one's turn."""
    _TURNS.carry_on(shop_id, preview_id, place, _step, seconds=seconds)


def sweep() -> int:
    """Throw yesterday's away. Ring for whose turn it is: a worker died, or a ring was lost. Returns how many rings."""
    _throw_old_away()
    return _TURNS.ring()


def _throw_old_away() -> None:
    old = CommissionPreview.made_at < clock.now() - _KEPT
    with system() as session:
        shops = session.scalars(select(CommissionPreview.shop_id).where(old).distinct()).all()
    for shop_id in shops:
        with scoped(shop_id) as session:
            session.execute(delete(CommissionPreview).where(CommissionPreview.shop_id == shop_id, old))
            watch_named(session, shop_id)


def get_preview(session: Session, shop_id: int, preview_id: int) -> CommissionPreview:
    """Raises NotFound, also for one of yesterday."""
    found = session.get(CommissionPreview, preview_id)
    if found is None or found.shop_id != shop_id:
        raise NotFound("This preview was thrown away. Ask for it again.")
    return found


def find_latest(session: Session, shop_id: int, actor: str) -> CommissionPreview | None:
    """What somebody asked for last, while it is kept: to be looked at again after the page was left."""
    mine = (CommissionPreview.shop_id == shop_id, CommissionPreview.made_by == actor)
    kept = CommissionPreview.made_at > clock.now() - _KEPT
    query = select(CommissionPreview).where(*mine, kept)
    return session.scalar(query.order_by(CommissionPreview.id.desc()).limit(1))


def stop(session: Session, shop_id: int, preview_id: int) -> None:
    """Throw a preview away, also one that is being computed. Raises NotFound."""
    session.delete(get_preview(session, shop_id, preview_id))
    session.flush()
    watch_named(session, shop_id)
    _sweep_soon(session)


def list_rows(session: Session, preview: CommissionPreview, currency: str) -> list[VendorRow]:
    """By vendor, whoever it changes most first. One that was computed before an upgrade has no `moved`."""
    query = select(Vendor.id, Vendor.name).where(Vendor.id.in_([int(number) for number in preview.sums]))
    names = {row[0]: row[1] for row in session.execute(query)}
    rows = [
        VendorRow(
            names.get(int(number), f"#{number}"),
            lines,
            Money(sold, currency),
            Money(taken, currency),
            Money(taken + sum(moved), currency),
            Money(after, currency),
            longer,
            shorter,
        )
        for number, (lines, sold, taken, after, longer, shorter, *moved) in preview.sums.items()
    ]
    return sorted(rows, key=lambda row: (-abs(row.difference.minor), row.name))


def _sold(shop_id: int, since: Any, currency: str) -> tuple[ColumnElement[bool], ...]:
    """Vendors' lines of orders that were paid and not cancelled."""
    return (
        OrderLine.shop_id == shop_id,
        OrderLine.vendor_id.is_not(None),
        OrderLine.quantity > 0,
        Order.ordered_at >= since,
        Order.paid_seen_at.is_not(None),
        Order.cancelled_at.is_(None),
        Order.test.is_(False),
        Order.currency == currency,
    )


def _step(shop_id: int, preview_id: int) -> bool:
    """The next lines, and before the first of them the collections. False when nothing is left to do."""
    return _know_collections(shop_id, preview_id) and _add_next(shop_id, preview_id)


def _know_collections(shop_id: int, preview_id: int) -> bool:
    """Without the products of its collections a preview would say that nothing changes: then it is given up."""
    with scoped(shop_id) as session:
        preview = session.get(CommissionPreview, preview_id)
        begins = preview and preview.done == 0 and preview.failed_at is None
        lists = _read_lists(session, preview) if preview and begins else ([], [])
    named = {gid for rule in chain(*lists) for gid in rule.conditions.collection_gids}
    if not named or read_new(shop_id, named, seconds=_READ_SECONDS):
        return True
    with scoped(shop_id) as session:
        preview = session.get(CommissionPreview, preview_id, with_for_update=True)
        if preview is not None:
            preview.failed_at, preview.lease_until = clock.now(), None
    return False


def _add_next(shop_id: int, preview_id: int) -> bool:
    """False when these were the last lines, or nobody wants to know any more."""
    with scoped(shop_id) as session:
        preview = session.get(CommissionPreview, preview_id, with_for_update=True)
        if preview is None or preview.failed_at is not None:
            return False
        currency = session.get_one(Shop, shop_id).currency_at(preview.made_at)
        query = select(OrderLine, Order.ordered_at).join(Order, Order.id == OrderLine.order_id)
        later = query.where(*_sold(shop_id, preview.since, currency), OrderLine.id > preview.cursor)
        found = session.execute(later.order_by(OrderLine.id).limit(_AT_ONCE)).all()
        (before, after), agreed = _read_lists(session, preview), get_agreed(session, shop_id)
        products = {line.sold_as["product"] for line, _ in found if line.sold_as} - {None}
        members = find_members(session, shop_id, [*before, *after], products, preview.since)
        sums = {number: list(values) for number, values in preview.sums.items()}
        for line, ordered_at in found:
            if not line.sold_as or line.vendor_id is None:
                preview.unknown += 1
                continue
            sold = members.add_to(read_sold_line(line.sold_as, line.vendor_id, currency, ordered_at))
            winners = (choose_rule(before, sold).winner, choose_rule(after, sold).winner)
            more = _under(*winners, line, currency, agreed.of(line.vendor_id).hold_days)
            had = sums.get(str(line.vendor_id), [])
            sums[str(line.vendor_id)] = [sum(pair) for pair in zip_longest(had, more, fillvalue=0)]
        preview.sums, preview.done = sums, preview.done + len(found)
        preview.cursor = found[-1][0].id if found else preview.cursor
        preview.attempts, preview.lease_until = 0, clock.now() + LEASE
        if len(found) < _AT_ONCE:
            preview.finished_at, preview.lease_until = clock.now(), None
        return preview.finished_at is None


def _read_lists(session: Session, preview: CommissionPreview) -> tuple[list[Rule], list[Rule]]:
    """Without the change, as it was in force when the preview was asked for, and with it."""
    return list_rules(session, preview.shop_id, preview.made_at), [read_rule(stored) for stored in preview.rules]


def _under(
    before: Rule | None, after: Rule | None, line: OrderLine, currency: str, agreed_days: int
) -> tuple[int, ...]:
    """What a line adds to its vendor's sums. Where a rule names no days on hold, those that are agreed now count."""
    value = line.gross_minor - line.vendor_discount_minor
    leaves = line.tax_to == "marketplace"
    fees = [
        line_fee(rule, value, line.included_tax_minor, line.quantity, currency, tax_leaves=leaves)[1]
        for rule in (before, after)
    ]
    longer = days_on_hold(after, agreed_days) - days_on_hold(before, agreed_days)
    return 1, value, line.fee_minor, fees[1], int(longer > 0), int(longer < 0), fees[0] - line.fee_minor
