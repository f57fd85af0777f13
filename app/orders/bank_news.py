"""What Shopify tells of payments and disputes. Of two states of a dispute the newer is kept, whichever came first."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from app.commissions.agreements import Agreed
from app.orders.facts import DisputeState
from app.orders.frozen_terms import dispute_terms
from app.orders.held import DisputeRow, Held, PaymentRow
from app.shopify import payloads_orders as payloads

_ENDED: Final = {
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "accepted": DisputeState.LOST,
    "charge_refunded": DisputeState.CLOSED,
    "prevented": DisputeState.CLOSED,
}
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def keep_payment(one: Held, body: payloads.OrderTransaction) -> None:
    """Store the transaction, or what became of it. The order's own snapshot says what was paid; this says how."""
    kept = one.payments.get(body.id)
    if kept is None:
        one.payments[body.id] = PaymentRow(
            order_shopify_id=body.order_id,
            shopify_id=body.id,
            processed_at=body.processed_at or body.created_at,
            kind=body.kind,
            status=body.status,
            gateway=body.gateway or "",
            amount=body.amount,
            currency=body.currency,
        )
    elif _weight(body.status) > _weight(kept.status):
        kept.status = body.status
    else:
        return
    one.changed = True
    if one.order:
        one.order.fees_read_at = None


def keep_dispute(one: Held, agreed: Agreed, body: payloads.Dispute) -> None:
    """Store the dispute, or the newer state of it."""
    assert body.order_id is not None
    snapshot = msgspec.to_builtins(body)
    kept = one.disputes.get(body.id)
    if kept is None:
        one.disputes[body.id] = DisputeRow(
            order_shopify_id=body.order_id,
            shopify_id=body.id,
            opened_at=body.initiated_at,
            state=state_of(body),
            snapshot=snapshot,
            terms=dispute_terms(agreed),
        )
    elif _age_of(body) > _age_of(msgspec.convert(kept.snapshot, type=payloads.Dispute)):
        kept.state, kept.snapshot = state_of(body), snapshot
    else:
        return
    one.changed = True


def state_of(body: payloads.Dispute) -> DisputeState:
    """An unknown status holds the money, as an open dispute does; of an inquiry nothing is ever lost."""
    ended = _ENDED.get(body.status)
    if ended is None:
        return DisputeState.OPEN
    return ended if body.type == "chargeback" else DisputeState.CLOSED


def ended_at(body: payloads.Dispute) -> datetime:
    """Shopify may leave it out, and may write a day alone: then it is the first moment that fits."""
    if not body.finalized_on:
        return body.initiated_at
    moment = datetime.fromisoformat(body.finalized_on)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _weight(status: str) -> tuple[bool, bool, str]:
    """A payment is pending until it fails or succeeds, once."""
    return status == "success", status != "pending", status


def _age_of(body: payloads.Dispute) -> tuple[Any, ...]:
    """Total: what is over is newer than what is not, then what was over later, then what says more."""
    return (
        body.status in _ENDED,
        ended_at(body) if body.finalized_on else _NEVER,
        body.type == "chargeback",
        body.status == "under_review",
        body.evidence_sent_on or "",
        msgspec.json.encode(body),
    )
