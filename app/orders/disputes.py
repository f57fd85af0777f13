"""What a dispute takes from whom. Pure.

Of a chargeback the bank takes the amount at once, and the payment provider charges a fee. Won, both come back. Lost,
the amount is taken back like a refund that names no lines; whether vendors bear the fee is the merchant's choice.
"""

from collections.abc import Iterable
from fractions import Fraction

from app.ledger.rules import MARKETPLACE_FEES, Account, Entry, Posting, balanced
from app.money import split
from app.orders.cells import Cell
from app.orders.facts import Dispute, Order, Refund
from app.orders.returns import Takeback


def as_refund(dispute: Dispute) -> Refund:
    """A lost dispute, as the refund that it amounts to."""
    return Refund(
        id=dispute.id,
        at=dispute.ended_at,
        returned=dispute.amount,
        keep_commission=dispute.keep_commission,
        keep_payment_fee=dispute.keep_payment_fee,
        alone=dispute.alone,
        bearer=dispute.bearer,
        bearer_vendor_id=dispute.bearer_vendor_id,
        bearers=dispute.bearers,
    )


def vendor_share(cell: Cell, gone: Fraction, amount: int, *, keep_commission: bool) -> int:
    """How much its vendor loses when `amount` is taken back from a cell of which `gone` is already."""
    if not amount or cell.vendor_id is None:
        return 0
    before, after = cell.at(gone), cell.at(gone + Fraction(amount, cell.owed))
    return sum(
        sign * entry.amount
        for sign, entries in ((-1, before), (1, after))
        for entry in entries
        if entry.vendor_id is not None or (keep_commission and entry.account in MARKETPLACE_FEES)
    )


def fee_postings(order: Order, dispute: Dispute, cells: Iterable[Cell], lost: Takeback) -> list[Posting]:
    """The vendors' parts of the fee for a lost dispute, by what each lost; nothing when nobody but we lost.

    The part of a vendor who does not bear it stays with the marketplace.
    """
    parts: dict[int, int] = {}
    for cell in cells:
        if cell.vendor_id is not None and (amount := lost.cells.get(cell.key, 0)):
            parts[cell.vendor_id] = parts.get(cell.vendor_id, 0) + amount
    if not parts:
        return []
    postings = []
    # What the marketplace bears has a part of the fee as well: nobody pays for what was agreed with somebody else.
    *theirs, _ours = split(dispute.fee, [*parts.values(), lost.borne])
    for vendor, part in zip(parts, theirs, strict=True):
        entries = balanced([Entry(Account.VENDOR_PENDING, -part, vendor), Entry(Account.DISPUTE_FEES, part)])
        key = f"order:{order.id}:dispute:{dispute.id}:fee:vendor:{vendor}"
        if entries and dispute.charges(vendor):
            posting = Posting(key, "dispute_fee", dispute.ended_at, entries, f"dispute:{dispute.id}", vendor)
            postings.append(posting)
    return postings
