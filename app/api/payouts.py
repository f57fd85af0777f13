"""/payouts and /payout-batches"""

from datetime import date
from typing import Annotated, Any, Final, Literal

import msgspec
from flask import g
from msgspec import Meta
from sqlalchemy import func, select

from app import clock
from app.api.operations import operation
from app.api.paging import Order as Sorting
from app.api.paging import read_page
from app.api.shapes import Amount, Currency, Id, Listing, Moment, Page, Reason, amount, amount_of
from app.auth import api
from app.auth.scopes import Scope
from app.errors import NotFound, ValidationErrors
from app.models.payouts import Payout as Row
from app.models.payouts import PayoutBatch as BatchRow
from app.models.payouts import PayoutMove, PayoutState, RailName
from app.models.vendors import Vendor
from app.payouts import moves, queries, rules, service

_NEWEST: Final = Sorting((Row.id,), is_descending=True)
_NEWEST_BATCH: Final = Sorting((BatchRow.id,), is_descending=True)
_AT_ONCE: Final = 10_000
_ACTIONS: Final = frozenset(
    {"approve", "hold", "release", "mark_sent", "pay_by_hand", "undo", "settle", "fail", "cancel"}
)


class Payout(msgspec.Struct, frozen=True):
    """Money on its way to one vendor. Amount and bank details were fixed when its entries were claimed."""

    id: Id
    batch_id: Id
    vendor_id: Id
    vendor_name: str
    reference: Annotated[str, Meta(description="On the vendor's bank statement.")]
    amount: Amount
    state: PayoutState
    state_reason: str | None
    state_changed_at: Moment
    rail: RailName
    account: Annotated[str, Meta(description="What may be shown of it.")]
    rail_reference: str | None
    is_paid_by_hand: bool
    created_at: Moment
    sent_at: Moment | None
    paid_on: Annotated[date, Meta(description="The day on which the money left.")] | None
    possible_actions: list[str]


class PreviewRow(msgspec.Struct, frozen=True):
    """What a vendor would be paid now, or why not. Nothing is claimed by looking."""

    vendor_id: Id
    vendor_name: str
    amount: Amount
    obstacle: str | None


class Batch(msgspec.Struct, frozen=True):
    id: Id
    number: int
    currency: Currency
    created_by: str
    created_at: Moment
    file_made_at: Moment | None
    payouts: int
    total: Annotated[Amount, Meta(description="Without what was cancelled or came back.")]


class NewBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to pay; without a list, everybody who can be paid."""

    currency: Annotated[Currency, Meta(description="The shop's, or an earlier one of the shop's.")] | None = None
    vendor_ids: Annotated[list[Id], Meta(min_length=1, max_length=_AT_ONCE)] | None = None


class PaidByHand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of the payment."""

    reference: Annotated[str, Meta(max_length=100, description="Such as your bank's number for it.")] | None = None
    paid_on: date | None = None


class PreviewList(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    currency: Annotated[Currency, Meta(description="The shop's, or an earlier one of the shop's.")] | None = None


class PayoutList(Listing, kw_only=True, frozen=True):
    vendor_id: Id | None = None
    batch_id: Id | None = None
    state: PayoutState | None = None


class BatchList(Listing, kw_only=True, frozen=True):
    pass


@operation("GET", "/payouts", tag="Payouts", scope=Scope.PAYOUTS_READ, for_vendors=True)
def list_payouts(query: PayoutList) -> Page[Payout]:
    """List payouts, newest first."""
    equal = ((Row.vendor_id, query.vendor_id), (Row.batch_id, query.batch_id), (Row.state, query.state))
    wanted = _select().where(*(column == value for column, value in equal if value is not None))
    rows, cursor = read_page(g.session, wanted, _NEWEST, query)
    return Page([_write(*row[:3]) for row in rows], cursor)


@operation("GET", "/payouts/<int:payout_id>", tag="Payouts", scope=Scope.PAYOUTS_READ, for_vendors=True)
def get_payout(payout_id: int) -> Payout:
    """Get one payout."""
    found = g.session.execute(_select().where(Row.id == payout_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such payout.")
    return _write(*found)


@operation("GET", "/payouts/preview", tag="Payouts", scope=Scope.PAYOUTS_READ)
def preview_payouts(query: PreviewList) -> Page[PreviewRow]:
    """Preview payouts: who would be paid what now, and why others would not.

    Largest first.
    """
    rows = queries.preview(g.session, g.shop, currency=query.currency)
    return Page([PreviewRow(r.vendor.id, r.vendor.name, amount_of(r.amount), r.obstacle) for r in rows], None)


@operation(
    "POST",
    "/payouts/<int:payout_id>/<any(approve, hold, release, mark_sent, undo, settle, fail, cancel):action>",
    tag="Payouts",
    scope=Scope.PAYOUTS_WRITE,
)
def act_on_payout(payout_id: int, action: str, body: Reason) -> Payout:
    """Approve, hold, release, mark as sent, undo, settle, fail or cancel a payout.

    Holding, failing and undoing need a reason. A failed or cancelled payout gives its money back to the vendor.
    Approving what has become doubtful puts it on hold: look at `state` and `state_reason`.
    """
    payout = queries.get_payout(g.session, g.shop.id, payout_id)
    moves.move(g.session, payout, action, actor=api.actor(), reason=body.reason)
    g.session.flush()
    return get_payout(payout_id)


@operation("POST", "/payouts/<int:payout_id>/pay_by_hand", tag="Payouts", scope=Scope.PAYOUTS_WRITE)
def pay_by_hand(payout_id: int, body: PaidByHand) -> Payout:
    """Mark a payout as paid by you, outside of every rail."""
    if body.paid_on is not None and body.paid_on > clock.today(g.shop.timezone):
        raise ValidationErrors({"#/paid_on": "This day has not come yet."})
    payout = queries.get_payout(g.session, g.shop.id, payout_id)
    paid = moves.Paid(reference=body.reference, on=body.paid_on, by_hand=True)
    moves.move(g.session, payout, "pay_by_hand", actor=api.actor(), paid=paid)
    g.session.flush()
    return get_payout(payout_id)


@operation("POST", "/payout-batches", tag="Payouts", scope=Scope.PAYOUTS_WRITE, located="/payout-batches/{0.id}")
def create_batch(body: NewBatch) -> Batch:
    """Create a batch: claim what vendors can be paid now.

    Send an `Idempotency-Key`. What is claimed is in no other payout, whoever asks at the same moment.
    """
    batch = service.open_batch(g.session, g.shop, body.vendor_ids, actor=api.actor(), currency=body.currency)
    return get_batch(batch.id)


@operation("GET", "/payout-batches", tag="Payouts", scope=Scope.PAYOUTS_READ)
def list_batches(query: BatchList) -> Page[Batch]:
    """List batches of payouts, newest first."""
    rows, cursor = read_page(g.session, _select_batches(), _NEWEST_BATCH, query)
    return Page([_write_batch(*row[:3]) for row in rows], cursor)


@operation("GET", "/payout-batches/<int:batch_id>", tag="Payouts", scope=Scope.PAYOUTS_READ)
def get_batch(batch_id: int) -> Batch:
    """Get one batch.

    Its payouts are at `/payouts?batch_id=`.
    """
    found = g.session.execute(_select_batches().where(BatchRow.id == batch_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such payout batch.")
    return _write_batch(*found)


@operation(
    "POST",
    "/payout-batches/<int:batch_id>/<any(approve, make_file, send, stop, mark_sent):action>",
    tag="Payouts",
    scope=Scope.PAYOUTS_WRITE,
)
def act_on_batch(batch_id: int, action: Literal["approve", "make_file", "send", "stop", "mark_sent"]) -> Batch:
    """Approve a batch, fix its bank file, hand it to PayPal and Stripe, stop that, or mark it as sent.

    Each is done to every payout of the batch for which it is possible; what has become doubtful is put on hold.
    A stop makes what no provider has heard of yet approved again; what was handed over stays.
    `/payouts?batch_id=` says what became of each.
    """
    batch = queries.get_batch(g.session, g.shop.id, batch_id)
    service.act_on_batch(g.session, g.shop, batch, action, actor=api.actor())
    g.session.flush()
    return get_batch(batch_id)


def _select() -> Any:
    for_vendor = select(PayoutMove.vendors_reason).where(PayoutMove.payout_id == Row.id).correlate(Row)
    newest = for_vendor.order_by(PayoutMove.id.desc()).limit(1).scalar_subquery()
    reason = Row.state_reason if g.vendor is None else newest
    query = select(Row, Vendor.name, reason).join(Vendor, Vendor.id == Row.vendor_id).where(Row.shop_id == g.shop.id)
    return query if g.vendor is None else query.where(Row.vendor_id == g.vendor.id)


def _select_batches() -> Any:
    of_batch = Row.batch_id == BatchRow.id
    count = select(func.count()).where(of_batch).correlate(BatchRow).scalar_subquery()
    live = Row.state.not_in([PayoutState(state) for state in rules.GIVES_BACK])
    total = select(func.coalesce(func.sum(Row.amount_minor), 0)).where(of_batch, live).correlate(BatchRow)
    return select(BatchRow, count, total.scalar_subquery()).where(BatchRow.shop_id == g.shop.id)


def _write(row: Row, vendor_name: str, reason: str | None) -> Payout:
    return Payout(
        id=row.id,
        batch_id=row.batch_id,
        vendor_id=row.vendor_id,
        vendor_name=vendor_name,
        reference=row.reference,
        amount=amount(row.amount_minor, row.currency),
        state=row.state,
        state_reason=reason,
        state_changed_at=row.state_changed_at,
        rail=row.rail,
        account=row.last4,
        rail_reference=row.rail_reference,
        is_paid_by_hand=row.by_hand,
        created_at=row.created_at,
        sent_at=row.sent_at,
        paid_on=row.paid_on,
        possible_actions=_possible(row),
    )


def _possible(row: Row) -> list[str]:
    if g.vendor is not None:
        return []
    return [name for name in rules.list_actions(row.state, rail=row.rail, by_hand=row.by_hand) if name in _ACTIONS]


def _write_batch(row: BatchRow, count: int, total: int) -> Batch:
    return Batch(
        id=row.id,
        number=row.number,
        currency=row.currency,
        created_by=row.created_by,
        created_at=row.created_at,
        file_made_at=row.file_made_at,
        payouts=count,
        total=amount(int(total), row.currency),
    )
