"""What a person decides about an order's money: who bears a refund or a dispute, and that a flag is no reason to wait.

A decision is kept with the order and the order is booked again, so that later news of it change nothing about the
decision. What it would do is worked out by the same rules before anybody confirms it.
"""

from collections.abc import Sequence
from typing import TypeVar

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import Conflict, NotFound, ValidationErrors
from app.ledger.rules import Balance
from app.models.orders import Order, OrderDispute, OrderRefund, VendorOrder
from app.orders import facts
from app.orders.rules import balances, book_to_date
from app.orders.service import book_order, lock_order, read_facts

_Borne = TypeVar("_Borne", facts.Refund, facts.Dispute)


def preview_bearer(session: Session, order: Order, kind: str, number: int, vendor_id: int | None) -> Balance:
    """What each party would have more or less, by (account, vendor), if the refund or dispute were put on the vendor.

    `vendor_id` None: as the settings say. An open dispute is taken for lost. Raises NotFound.
    """
    row = _find(session, order, kind, number)
    known = _as_if_lost(read_facts(session, order))
    now = clock.now()
    before = balances(book_to_date(known, now).postings)
    changed = replace(
        known,
        refunds=_put_on(known.refunds, row.shopify_id if kind == "refund" else None, row, vendor_id),
        disputes=_put_on(known.disputes, row.shopify_id if kind == "dispute" else None, row, vendor_id),
    )
    after = balances(book_to_date(changed, now).postings)
    keys = before.keys() | after.keys()
    return {key: after.get(key, 0) - before.get(key, 0) for key in keys if after.get(key, 0) != before.get(key, 0)}


def put_on_vendor(
    session: Session, order: Order, kind: str, number: int, vendor_id: int | None, *, reason: str, actor: str
) -> None:
    """Have one vendor bear what names no lines. Raises NotFound, Conflict, ValidationErrors."""
    reason = _need(reason)
    locked = lock_order(session, order.shop_id, order.shopify_id)
    assert locked is not None
    row = _find(session, locked, kind, number)
    if vendor_id is not None and vendor_id not in list_vendors(session, locked.id):
        raise NotFound("This vendor has no part in the order.")
    if row.terms.get("put_on") == vendor_id:
        raise Conflict("It is borne that way already.")
    changes = {"put_on": [row.terms.get("put_on"), vendor_id]}
    decided = {"put_on": vendor_id, "put_on_reason": reason, "put_on_by": actor}
    row.terms = {**row.terms, **decided}
    session.flush()
    action = f"{kind}.put_on_vendor"
    audit.record(session, order.shop_id, action, ("order", order.id), actor=actor, reason=reason, changes=changes)
    book_order(session, locked)


def lift_flag(session: Session, order: Order, flag: str, *, reason: str, actor: str) -> None:
    """Let the order's money move on although its amounts do not add up. Raises Conflict, ValidationErrors."""
    reason = _need(reason)
    locked = lock_order(session, order.shop_id, order.shopify_id)
    assert locked is not None
    if flag not in locked.flags:
        raise Conflict("This is no longer the matter. Load the page again.")
    entry = {"flag": flag, "reason": reason, "by": actor, "at": clock.now().isoformat()}
    locked.lifted = [*locked.lifted, entry]
    session.flush()
    changes = {"flag": [flag, None]}
    audit.record(
        session, order.shop_id, "order.lift_flag", ("order", order.id), actor=actor, reason=reason, changes=changes
    )
    book_order(session, locked)


def list_disputes(session: Session, order: Order) -> Sequence[OrderDispute]:
    query = select(OrderDispute).where(
        OrderDispute.shop_id == order.shop_id, OrderDispute.order_shopify_id == order.shopify_id
    )
    return session.scalars(query.order_by(OrderDispute.opened_at, OrderDispute.id)).all()


def list_vendors(session: Session, order_id: int) -> Sequence[int]:
    query = select(VendorOrder.vendor_id).where(VendorOrder.order_id == order_id).order_by(VendorOrder.id)
    return session.scalars(query).all()


def _find(session: Session, order: Order, kind: str, number: int) -> OrderRefund | OrderDispute:
    """By our own id, of this order only."""
    found: OrderRefund | OrderDispute | None = None
    if kind == "refund":
        found = session.get(OrderRefund, number, populate_existing=True)
    elif kind == "dispute":
        found = session.get(OrderDispute, number, populate_existing=True)
    if found is None or (found.shop_id, found.order_shopify_id) != (order.shop_id, order.shopify_id):
        raise NotFound("There is no such refund or dispute.")
    return found


def _as_if_lost(known: facts.Order) -> facts.Order:
    """What an open dispute would do shows only once it is lost."""
    opened = facts.DisputeState.OPEN
    disputes = (replace(one, state=facts.DisputeState.LOST) if one.state is opened else one for one in known.disputes)
    return replace(known, disputes=tuple(disputes))


def _put_on(
    known: Sequence[_Borne], number: int | None, row: OrderRefund | OrderDispute, vendor_id: int | None
) -> tuple[_Borne, ...]:
    default = row.bearer if isinstance(row, OrderRefund) else row.terms["bearer"]
    bearer = facts.RefundBearer.VENDOR if vendor_id else facts.RefundBearer(default)
    return tuple(replace(one, bearer=bearer, bearer_vendor_id=vendor_id) if one.id == number else one for one in known)


def _need(reason: str) -> str:
    if not reason.strip():
        raise ValidationErrors({"reason": "Say why. It stays with the order."})
    return reason.strip()[:1000]
