"""Reading payouts: who can be paid, what a batch holds, which entries a payout pays."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, load_only

from app import clock
from app.commissions.agreements import get_agreed, get_overrides
from app.commissions.schedules import say_schedule
from app.errors import Conflict, NotFound
from app.keyset import BEGINNING, Page, Place, Sort, only, read_page
from app.languages import lazy
from app.ledger.queries import sum_available
from app.ledger.stops import STOPPED, list_stopped
from app.models.payouts import (
    Payout,
    PayoutBatch,
    PayoutMove,
    PayoutSettings,
    PayoutState,
    RailKeys,
    RailName,
)
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money
from app.payouts.calendar import next_day
from app.payouts.rules import MOVES, Candidate, fits, obstacle
from app.vendors.payout_details import held_until

STATE_WORDS: Final[dict[str, str]] = {
    PayoutState.PENDING: lazy("Waiting for approval"),
    PayoutState.ON_HOLD: lazy("On hold"),
    PayoutState.APPROVED: lazy("Approved"),
    PayoutState.SENDING: lazy("Being sent"),
    PayoutState.SENT: lazy("Sent"),
    PayoutState.SETTLED: lazy("Arrived"),
    PayoutState.FAILED: lazy("Came back"),
    PayoutState.CANCELLED: lazy("Cancelled"),
}
PER_PAGE: Final = 25
_MOST_EXPORTED: Final = 20_000
RAIL_WORDS: Final[dict[str, str]] = {
    RailName.BANK: lazy("Bank account"),
    RailName.PAYPAL: "PayPal",
    RailName.STRIPE: "Stripe",
}
_PAYEES: Final = select(Vendor).options(
    # Ten thousand of them: not with all that they say about themselves.
    load_only(
        Vendor.name,
        Vendor.status,
        Vendor.payout_rail,
        Vendor.payout_account,
        Vendor.payout_last4,
        Vendor.payout_changed_at,
    )
)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """What a vendor would be paid now, or why not."""

    vendor: Vendor
    amount: Money
    obstacle: str | None
    schedule: Mapping[str, Any] | None
    """When it is this vendor's own: as in `Terms.payout_schedule`."""

    @property
    def schedule_words(self) -> str:
        """Such as "every week, on Monday"; empty when the vendor is paid with the others."""
        return say_schedule(self.schedule["schedule"], self.schedule["day"]) if self.schedule else ""

    @property
    def held_until(self) -> datetime | None:
        """When the waiting time for new payout details ends; None when there is none."""
        return held_until(self.vendor)


@dataclass(frozen=True, slots=True)
class BatchRow:
    batch: PayoutBatch
    total: Money
    states: Mapping[str, int]


def preview(
    session: Session, shop: Shop, sums: Mapping[int, int] | None = None, *, currency: str | None = None
) -> list[PreviewRow]:
    """Every vendor with something unpaid in a currency, largest first; nothing is claimed by looking.

    `sums`: what is unpaid in minor units, by vendor id, when the caller has looked already. `currency`: the shop's
    when None; an earlier one of the shop's, whose balances are still to be paid, has no smallest payout.
    """
    currency = currency or shop.currency
    if sums is None:
        sums = sum_available(session, shop.id).get(currency, {})
    vendors = session.scalars(_PAYEES.where(Vendor.shop_id == shop.id, Vendor.id.in_(sums))).all()
    agreed = get_agreed(session, shop.id)
    rails, stopped = list_rails(session, shop.id), list_stopped(session, shop.id)
    rows = []
    for vendor in vendors:
        terms, amount = agreed.of(vendor.id), sums[vendor.id]
        minimum = terms.payout_minimum_minor if currency == shop.currency else 0
        words = STOPPED if vendor.id in stopped else _obstacle(vendor, amount, minimum, rails)
        rows.append(PreviewRow(vendor, Money(amount, currency), words, terms.payout_schedule))
    return sorted((row for row in rows if row.amount), key=place_in_preview)


def place_in_preview(row: PreviewRow) -> tuple[int, int]:
    return -row.amount.minor, row.vendor.id


def filter_preview(rows: Sequence[PreviewRow], words: str, show: str) -> list[PreviewRow]:
    """Those whose vendor's name has the words in it; `show`: "payable", "waiting" (and why), "debts" or all."""
    tests: dict[str, Callable[[PreviewRow], bool]] = {
        "payable": lambda row: row.obstacle is None,
        "waiting": lambda row: row.obstacle is not None and row.amount.minor > 0,
        "debts": lambda row: row.amount.minor < 0,
    }
    test = tests.get(show)
    return [row for row in rows if (test is None or test(row)) and words.strip().lower() in row.vendor.name.lower()]


def _obstacle(vendor: Vendor, amount: int, minimum: int, rails: Collection[str]) -> str | None:
    candidate = Candidate(
        amount=amount,
        minimum=minimum,
        status=vendor.status,
        has_details=vendor.payout_account is not None,
        rail_is_open=vendor.payout_rail in rails,
        details_are_held=held_until(vendor) is not None,
    )
    return obstacle(candidate)


def find_settings(session: Session, shop_id: int) -> PayoutSettings:
    """How the shop pays; the defaults, not stored, when nothing was chosen yet."""
    return session.get(PayoutSettings, shop_id) or PayoutSettings(
        shop_id=shop_id,
        rails=[RailName.BANK.value],
        schedule="manual",
        schedule_day=1,
        invoice_name="",
        invoice_address="",
        invoice_prefix="F",
    )


def find_payout_day(session: Session, shop: Shop, vendor_id: int) -> date | None:
    """The next day on which a batch with this vendor in it is prepared by itself; None: whenever the merchant does."""
    held, now = find_settings(session, shop.id), clock.today(shop.timezone)
    own = get_overrides(session, vendor_id).get("payout_schedule")
    if own:
        return next_day(own["schedule"], own["day"], date.fromisoformat(own["since"]), now)
    return next_day(held.schedule, held.schedule_day, held.schedule_from or now, now)


def list_rails(session: Session, shop_id: int) -> list[str]:
    """What vendors may choose among, the bank first."""
    return [rail.value for rail in RailName if rail.value in find_settings(session, shop_id).rails]


def count_chosen_rails(session: Session, shop_id: int) -> dict[str, int]:
    """How many vendors want to be paid by each rail."""
    query = (
        select(Vendor.payout_rail, func.count())
        .where(Vendor.shop_id == shop_id, Vendor.payout_account.is_not(None))
        .group_by(Vendor.payout_rail)
    )
    return {rail: count for rail, count in session.execute(query)}  # noqa: C416 - typed as rows, wanted as pairs


def list_rail_keys(session: Session, shop_id: int) -> dict[RailName, RailKeys]:
    """The shop's keys by rail; what they are is encrypted."""
    rows = session.scalars(select(RailKeys).where(RailKeys.shop_id == shop_id)).all()
    return {row.rail: row for row in rows}


def list_batches(
    session: Session, shop: Shop, *, words: str = "", place: Place = BEGINNING, limit: int = PER_PAGE
) -> Page[BatchRow]:
    """Newest first: all, or those that pay a vendor or have a payout called so."""
    where: list[ColumnElement[bool]] = [PayoutBatch.shop_id == shop.id]
    if words:
        named = select(Payout.batch_id).join(Vendor, Vendor.id == Payout.vendor_id).where(Payout.shop_id == shop.id)
        where.append(PayoutBatch.id.in_(named.where(_called(words))))
    newest = Sort((PayoutBatch.number,), is_descending=True)
    page = read_page(session, select(PayoutBatch).where(*where), newest, place, limit=limit, make=only)
    grouped = (
        select(Payout.batch_id, Payout.state, func.count(), func.sum(Payout.amount_minor))
        .where(Payout.batch_id.in_([batch.id for batch in page.rows]))
        .group_by(Payout.batch_id, Payout.state)
    )
    states: dict[int, dict[str, int]] = {}
    sums: dict[int, int] = {}
    for batch_id, state, count, amount in session.execute(grouped):
        states.setdefault(batch_id, {})[state] = count
        if state not in (PayoutState.CANCELLED, PayoutState.FAILED):
            sums[batch_id] = sums.get(batch_id, 0) + int(amount)
    return page.with_rows([BatchRow(b, Money(sums.get(b.id, 0), b.currency), states.get(b.id, {})) for b in page.rows])


def get_batch(session: Session, shop_id: int, batch_id: int) -> PayoutBatch:
    """Raises NotFound."""
    batch = session.get(PayoutBatch, batch_id)
    if batch is None or batch.shop_id != shop_id:
        raise NotFound("There is no such payout batch.")
    return batch


StateCounts = Mapping[tuple[PayoutState, RailName], tuple[int, int]]
"""By state and rail: how many payouts, and their sum in minor units."""


def count_states(session: Session, batch: PayoutBatch) -> StateCounts:
    query = (
        select(Payout.state, Payout.rail, func.count(), func.sum(Payout.amount_minor))
        .where(Payout.batch_id == batch.id)
        .group_by(Payout.state, Payout.rail)
    )
    return {(state, RailName(rail)): (count, int(amount)) for state, rail, count, amount in session.execute(query)}


def list_payouts(
    session: Session,
    batch: PayoutBatch,
    *,
    words: str = "",
    state: str = "",
    place: Place = BEGINNING,
    limit: int = PER_PAGE,
) -> Page[tuple[Payout, str]]:
    """The batch's payouts with their vendors' names, largest first."""
    query = select(Payout, Vendor.name).join(Vendor, Vendor.id == Payout.vendor_id).where(Payout.batch_id == batch.id)
    if words:
        query = query.where(_called(words))
    if state:
        query = query.where(Payout.state == state)
    largest = Sort((Payout.amount_minor, Payout.id), is_descending=True)
    return read_page(session, query, largest, place, limit=limit, make=lambda payout, name: (payout, name))


def walk_payouts(
    session: Session, shop: Shop, *, batch: PayoutBatch | None = None, words: str = "", state: str = ""
) -> Iterator[tuple[Payout, PayoutBatch, str]]:
    """Payouts with their batches and vendors' names, newest first: of a batch, or of the whole shop."""
    query = (
        select(Payout, PayoutBatch, Vendor.name)
        .join(PayoutBatch, PayoutBatch.id == Payout.batch_id)
        .join(Vendor, Vendor.id == Payout.vendor_id)
        .where(Payout.shop_id == shop.id)
        .order_by(Payout.id.desc())
        .limit(_MOST_EXPORTED)
    )
    if batch is not None:
        query = query.where(Payout.batch_id == batch.id)
    if words:
        query = query.where(_called(words))
    if state:
        query = query.where(Payout.state == state)
    return ((payout, of, name) for payout, of, name in session.execute(query).all())


def _called(words: str) -> ColumnElement[bool]:
    """The vendor's name has the words in it, or the payout's reference is they."""
    return or_(Vendor.name.icontains(words, autoescape=True), Payout.reference == words.upper())


def list_fitting(session: Session, batch: PayoutBatch, action: str) -> list[int]:
    """The payouts of a batch on which a person may do `action` on all of them at once."""
    query = select(Payout.id, Payout.rail, Payout.by_hand).where(*_may_fit(batch, action))
    return [row.id for row in session.execute(query) if fits(action, row.rail, by_hand=row.by_hand)]


def count_fitting(session: Session, batch: PayoutBatch, action: str) -> int:
    """How many `list_fitting` lists, without reading each: pages that look again and again ask for no more."""
    kinds = (Payout.rail, Payout.by_hand)
    found = session.execute(select(*kinds, func.count()).where(*_may_fit(batch, action)).group_by(*kinds))
    return sum(count for rail, by_hand, count in found if fits(action, rail, by_hand=by_hand))


def _may_fit(batch: PayoutBatch, action: str) -> list[ColumnElement[bool]]:
    where = [Payout.batch_id == batch.id, Payout.state.in_(MOVES[action])]
    if action == "approve" and batch.file_made_at is not None:
        where.append(Payout.rail != RailName.BANK)  # the file was taken without them
    if action in {"cancel", "stop"}:
        where.append(Payout.attempts == 0)  # of the others nobody knows whether they were paid: one by one
    return where


def list_in_file(session: Session, batch: PayoutBatch) -> list[Payout]:
    """The payouts that the batch's bank file holds. Raises Conflict before there is one."""
    if batch.file_made_at is None:
        raise Conflict("Make the bank file first.")
    return list(session.scalars(select(Payout).where(*_is_in_file(batch)).order_by(Payout.id)))


def was_booked_back(session: Session, batch: PayoutBatch) -> bool:
    """Whether money of the batch's bank file was given back: later batches pay it, so nobody may take the file."""
    back = exists().where(*_is_in_file(batch), Payout.state == PayoutState.FAILED)
    return bool(session.scalar(select(back)))


def _is_in_file(batch: PayoutBatch) -> list[ColumnElement[bool]]:
    made = select(PayoutMove.payout_id).where(PayoutMove.state == PayoutState.SENDING)
    return [Payout.batch_id == batch.id, Payout.rail == RailName.BANK, Payout.id.in_(made)]


def get_payout(session: Session, shop_id: int, payout_id: int, vendor_id: int | None = None) -> Payout:
    """A payout of the shop, or of one vendor of it. Raises NotFound."""
    payout = session.get(Payout, payout_id)
    if payout is None or payout.shop_id != shop_id or (vendor_id is not None and payout.vendor_id != vendor_id):
        raise NotFound("There is no such payout.")
    return payout


def list_vendor_payouts(session: Session, vendor_id: int, *, limit: int) -> Sequence[Payout]:
    """Newest first."""
    query = select(Payout).where(Payout.vendor_id == vendor_id).order_by(Payout.id.desc()).limit(limit)
    return session.scalars(query).all()


def list_moves(session: Session, payout: Payout) -> Sequence[PayoutMove]:
    return session.scalars(select(PayoutMove).where(PayoutMove.payout_id == payout.id).order_by(PayoutMove.id)).all()


def get_vendor(session: Session, payout: Payout) -> Vendor:
    return session.get_one(Vendor, payout.vendor_id)
