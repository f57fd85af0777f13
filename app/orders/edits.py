"""Which lines an edit changed, by the difference of the snapshot that was stored and the one that came. Pure.

So it does not matter whether orders/edited arrives, nor how often or when.
"""

from collections import Counter
from collections.abc import Collection

from app.shopify import payloads_orders as payloads


def find_edited_lines(before: payloads.Order, after: payloads.Order) -> frozenset[int]:
    """Shopify's numbers of the lines that were added, or of which units were added or taken off.

    Refunds are no edits, and a cancellation tells of itself.
    """
    if after is before or after.cancelled_at is not None:
        return frozenset()
    # A snapshot may not say what was taken off a line: then the other's word for it is no difference either.
    silent = {item.id for order in (before, after) for item in order.line_items if item.current_quantity is None}
    was, is_now = _sold_units(before, silent), _sold_units(after, silent)
    return frozenset(number for number in was | is_now if was.get(number, 0) != is_now.get(number, 0))


def _sold_units(order: payloads.Order, silent: Collection[int]) -> dict[int, int]:
    """What is sold by line, whether it was refunded or not. By what this snapshot says alone: a refund that came
    before the order it belongs to would look like units added.
    """
    refunded = Counter[int]()
    for refund in order.refunds:
        if not takes_off_only(refund):
            for part in refund.refund_line_items:
                refunded[part.line_item_id] += part.quantity
    return {
        item.id: item.quantity - _taken_off(item, refunded[item.id], silent)
        for item in order.line_items
        if item.tip is None
    }


def _taken_off(item: payloads.LineItem, refunded: int, silent: Collection[int]) -> int:
    if item.current_quantity is None or item.id in silent:
        return 0
    return max(0, item.quantity - item.current_quantity - refunded)


def takes_off_only(refund: payloads.Refund) -> bool:
    """Shopify tells of units that an edit takes off by a refund without money: `facts.Refund.removes_only`."""
    moves_money = any(transaction.kind == "refund" for transaction in refund.transactions)
    return not moves_money and all(part.restock_type == "cancel" for part in refund.refund_line_items)
