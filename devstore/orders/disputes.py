"""Disputes: a buyer goes to the bank. Shopify tells of its own Payments only; here, of any captured payment."""

from datetime import timedelta
from typing import Final

from devstore.clock import iso
from devstore.gids import gid
from devstore.orders.amounts import text
from devstore.orders.documents import get_order, save
from devstore.orders.errors import OrderError
from devstore.orders.standing import money, paid_in
from devstore.store import Doc, Store
from devstore.webhooks import emit

STATUSES: Final = ("needs_response", "under_review", "accepted", "won", "lost", "charge_refunded", "prevented")
_OPEN: Final = frozenset(STATUSES[:2])
_TIME_TO_ANSWER: Final = timedelta(days=9)


def open_dispute(store: Store, shop: str, order_id: int, *, amount: str | None = None, kind: str = "chargeback") -> Doc:
    """A bank asks (an inquiry) or takes money back (a chargeback); without an amount, all that was paid.

    Raises OrderError when nothing was paid, or for more than was.
    """
    with store.transaction():
        order = get_order(store, shop, order_id)
        if kind not in {"chargeback", "inquiry"}:
            raise OrderError(f"'{kind}' is neither a chargeback nor an inquiry", ["type"], "INVALID")
        disputed = paid_in(order) if amount is None else money(order, amount)
        if not 0 < disputed <= paid_in(order):
            raise OrderError("Dispute more than nothing, and no more than was paid", ["amount"], "INVALID")
        now = store.clock.now()
        dispute = {
            "id": store.next_id(),
            "type": kind,
            "amount": text(disputed, order["currency"]),
            "reason": "fraudulent",
            "network_reason_code": "4837",
            "status": "needs_response",
            "initiated_at": iso(now),
            "evidence_due_by": iso(now + _TIME_TO_ANSWER),
            "finalized_on": None,
        }
        order.setdefault("disputes", []).append(dispute)
        save(store, shop, order, f"The customer opened a {kind} over {dispute['amount']} {order['currency']}.")
        emit(store, shop, "disputes/create", dispute_payload(order, dispute))
        return dispute


def move_dispute(store: Store, shop: str, order_id: int, dispute_id: int, status: str) -> Doc:
    """What the bank says next. Raises OrderError for an unknown status or a dispute that has ended."""
    with store.transaction():
        order = get_order(store, shop, order_id)
        dispute: Doc | None = next((one for one in order.get("disputes", []) if one["id"] == dispute_id), None)
        if dispute is None:
            raise OrderError("Dispute does not exist", ["id"], "NOT_FOUND")
        if status not in STATUSES:
            raise OrderError(f"Status is one of {', '.join(STATUSES)}", ["status"], "INVALID")
        if dispute["status"] not in _OPEN:
            raise OrderError("This dispute has ended", ["status"], "INVALID")
        dispute["status"] = status
        dispute["finalized_on"] = None if status in _OPEN else iso(store.clock.now())
        save(store, shop, order, f"The dispute over {dispute['amount']} {order['currency']}: {status}.")
        emit(store, shop, "disputes/update", dispute_payload(order, dispute))
        return dispute


def dispute_payload(order: Doc, dispute: Doc) -> Doc:
    """As disputes/create and disputes/update carry it."""
    return {
        "id": dispute["id"],
        "order_id": order["id"],
        "type": dispute["type"],
        "amount": dispute["amount"],
        "currency": order["currency"],
        "reason": dispute["reason"],
        "network_reason_code": dispute["network_reason_code"],
        "status": dispute["status"],
        "evidence_due_by": dispute.get("evidence_due_by"),
        "evidence_sent_on": None,
        "finalized_on": dispute["finalized_on"],
        "initiated_at": dispute["initiated_at"],
    }


def dispute_summary(dispute: Doc) -> Doc:
    """As an order lists it in the Admin API."""
    return {
        "id": gid("ShopifyPaymentsDispute", dispute["id"]),
        "initiatedAs": dispute["type"].upper(),
        "status": dispute["status"].upper(),
    }
