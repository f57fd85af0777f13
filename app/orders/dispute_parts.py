"""What a dispute means for one vendor of the order, as that vendor may know it. Pure."""

from typing import Any, Final

from app.money import split
from app.orders.held import DisputeRow, Held, PartRow
from app.orders.rules import Books
from app.orders.stages import HoldReason

_TAKES: Final = frozenset({"dispute_lost", "dispute_fee"})


def update_disputes(one: Held, books: Books, part: PartRow) -> None:
    """Bring the part's list of disputes up to date: those in which the vendor's money is, or was, at stake."""
    before = {known["number"]: known for known in part.disputes}
    rows = sorted(one.disputes.values(), key=lambda row: (row.opened_at, row.shopify_id))
    held = _share_hold(rows, books, part.vendor_id)
    part.disputes = []
    for row in rows:
        was = before.get(row.shopify_id, {}).get("amount_minor", 0)
        amount = held.get(row.shopify_id, was)
        if row.state == "lost":
            amount = _lost(row, books, part.vendor_id)
        if amount or row.shopify_id in before:
            part.disputes.append(_describe(row, amount))


def _share_hold(rows: list[DisputeRow], books: Books, vendor_id: int) -> dict[int, int]:
    """What is on hold for each open dispute. Several share it: the books hold what all of them may take together."""
    kept = sum(bucket.amount for bucket in books.of_vendor(vendor_id) if bucket.reason is HoldReason.DISPUTE)
    open_now = [row.shopify_id for row in rows if row.state == "open"]
    return dict(zip(open_now, split(kept, [1] * len(open_now)), strict=True)) if open_now else {}


def _lost(row: DisputeRow, books: Books, vendor_id: int) -> int:
    mark = f":dispute:{row.shopify_id}:"
    return -sum(
        entry.amount
        for posting in books.postings
        if posting.kind in _TAKES and posting.vendor_id == vendor_id and mark in posting.key
        for entry in posting.entries
        if entry.vendor_id == vendor_id
    )


def _describe(row: DisputeRow, amount: int) -> dict[str, Any]:
    """Nothing of the other vendors: the dispute's own amount is the whole order's."""
    return {
        "number": row.shopify_id,
        "state": row.state,
        "is_inquiry": row.snapshot.get("type") == "inquiry",
        "amount_minor": amount,
        "bank_reason": (row.snapshot.get("reason") or "").replace("_", " "),
        "answer_by": row.snapshot.get("evidence_due_by"),
    }
