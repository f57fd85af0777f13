"""The postings that move a vendor's money from pending to held, to the reserve, to available. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from app.ledger.rules import Account, Entry, Posting, balanced
from app.orders.facts import Order, Payment, RefundBearer
from app.orders.shipping import goods
from app.orders.stages import Bucket, Disputed, HoldReason, Stage, keep_reserve, line_buckets, shipping_bucket

Nets = dict[tuple[str, int], int]
"""Amounts by (component, vendor id)."""


def stage_nets(
    order: Order, nets: Nets, disputed: Mapping[tuple[str, int], Disputed], now: datetime, *, flagged: bool
) -> dict[tuple[str, int], list[Bucket]]:
    """Where each vendor's net amount stands: the part that a customer disputes on hold, the rest by its parcels."""
    lines = {f"line:{line.id}": line for line in order.lines}
    of_goods, of_others = _still_asked(order)
    buckets = {}
    for (component, vendor), amount in nets.items():
        held = disputed.get((component, vendor))
        # To lose a dispute may even cost a vendor less than nothing: a fee with its tax can be more than the price.
        kept = max(0, min(held.amount, amount)) if held and not order.test else 0
        if component in lines:
            parts = line_buckets(of_goods, lines[component], amount - kept, now, flagged=flagged)
        else:
            parts = [shipping_bucket(of_others, vendor, amount - kept, now, flagged=flagged)]
        parts = keep_reserve(parts, order.terms.of(vendor), now)
        if held and kept:
            parts.append(Bucket(kept, Stage.HELD, held.since, HoldReason.DISPUTE))
        buckets[component, vendor] = parts
    return buckets


def _still_asked(order: Order) -> tuple[Order, Order]:
    """The order for what its lines earned, and for the rest: as if Shopify had answered where that changes nothing.

    Its answer says which goods share the shipping, and so the commission on it. What goods earned depends on that
    where a payment was for a part of everything, or a refund takes all that one vendor has.
    """
    if order.asked_until is None:  # as nearly always
        return order, order
    bearers = [refund.bearer for refund in order.refunds] + [dispute.bearer for dispute in order.disputes]
    if order.payment is Payment.PARTLY or RefundBearer.VENDOR in bearers:
        return order, order
    answered = replace(order, asked_until=None)
    terms = [line.terms for line in goods(order)]
    takes_fees = any(one.rule and one.rule.with_shipping for one in terms)
    is_shared = takes_fees or len({one.vendor_id for one in terms}) > 1
    return answered, order if order.shipping and is_shared else answered


def vendor_nets(postings: Iterable[Posting]) -> Nets:
    nets: Nets = {}
    for posting in postings:
        for entry in posting.entries:
            if entry.vendor_id is not None:
                key = posting.component, entry.vendor_id
                nets[key] = nets.get(key, 0) + entry.amount
    return nets


def list_moves(order: Order, component: str, vendor: int, parts: list[Bucket]) -> Iterable[Posting]:
    """Every move to date, each under its own key: what is posted is the difference."""
    gone = [part for part in parts if part.stage is not Stage.PENDING]
    if not gone:
        return
    key = f"order:{order.id}:{component}:vendor:{vendor}"
    free = [part for part in gone if part.stage is Stage.AVAILABLE and not part.was_reserved]
    kept = [part for part in gone if part.stage is Stage.RESERVE or part.was_reserved]
    back = [part for part in kept if part.was_reserved]
    for name, kind, source, to, moved in (
        ("hold", "fulfilled", Account.VENDOR_PENDING, Account.VENDOR_HELD, gone),
        ("release", "released", Account.VENDOR_HELD, Account.VENDOR_AVAILABLE, free),
        ("reserve", "reserved", Account.VENDOR_HELD, Account.VENDOR_RESERVE, kept),
        ("reserve_release", "reserve_released", Account.VENDOR_RESERVE, Account.VENDOR_AVAILABLE, back),
    ):
        if amount := sum(part.amount for part in moved):
            entries = balanced([Entry(source, -amount, vendor), Entry(to, amount, vendor)])
            yield Posting(f"{key}:{name}", kind, max(p.since for p in moved), entries, component, vendor)
