"""Paying vendors: claim, look, approve, send. Amounts come from the ledger only, and nothing is sent twice.

A payout's entries are claimed in one transaction; a unique index keeps an entry out of a second payout, whoever races.
States move by compare-and-swap: of two people who press the same button, one is told that it has happened already.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app import audit, clock
from app.config import get_config
from app.crypto import encrypt
from app.errors import Conflict, ValidationErrors
from app.events import publish
from app.ledger import queries as ledger
from app.ledger.rules import Account, Entry, Posting
from app.ledger.service import post_once
from app.ledger.stops import STOPPED, is_stopped
from app.models.ledger import LedgerEntry
from app.models.payouts import Payout, PayoutBatch, PayoutEntry, PayoutMove, PayoutState
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus
from app.payouts import queries, rules

_MONEY_IS_IN: Final = {
    PayoutState.SENT: Account.PAID_OUT,
    PayoutState.SETTLED: Account.PAID_OUT,
}


def open_batch(session: Session, shop: Shop, vendor_ids: Sequence[int], *, actor: str) -> PayoutBatch:
    """Claim what the chosen vendors can be paid now. Raises Conflict when none of them can."""
    _lock(session, shop.id)
    chosen = [row for row in queries.preview(session, shop) if row.obstacle is None and row.vendor.id in vendor_ids]
    if not chosen:
        raise Conflict("Nobody of these can be paid now. Look at the preview again: it says why.")
    highest = session.scalar(select(func.max(PayoutBatch.number)).where(PayoutBatch.shop_id == shop.id))
    batch = PayoutBatch(
        shop_id=shop.id,
        number=(highest or 0) + 1,
        currency=shop.currency,
        created_by=actor,
        created_at=clock.now(),
    )
    session.add(batch)
    session.flush()
    for row in chosen:
        _claim(session, shop, batch, row, actor)
    audit.record(session, shop.id, "payout_batch.open", ("payout_batch", batch.id), actor=actor)
    return batch


def move(session: Session, payout: Payout, action: str, *, actor: str, reason: str | None = None) -> None:
    """Do a named action on a payout. Raises Conflict when it is not possible (any more), ValidationErrors."""
    reason = (reason or "").strip() or None
    if action in rules.REASON_NEEDED and not reason:
        raise ValidationErrors({"reason": "Say why. The vendor reads it."})
    if action == "approve":
        action, reason = _approve_or_hold(session, payout)
    old = payout.state
    new = rules.state_after(action, old)
    if new is None:
        raise Conflict(f"This payout is {queries.STATE_WORDS[old].lower()}, so that is no longer possible.")
    now = clock.now()
    swap = (
        update(Payout)
        .where(Payout.id == payout.id, Payout.state == old)
        .values(state=new, state_reason=reason, state_changed_at=now)
    )
    if not session.execute(swap).rowcount:  # type: ignore[attr-defined]
        raise Conflict("Somebody else has just changed this payout. Load the page again.")
    session.refresh(payout)
    _note(session, payout, actor, reason)
    _book_move(session, payout, old)
    audit.record(session, payout.shop_id, f"payout.{action}", ("payout", payout.id), actor=actor, reason=reason)


def make_file(session: Session, shop: Shop, batch: PayoutBatch, *, actor: str) -> None:
    """Fix which payouts the batch's bank file holds; from then on every file of it says the same. Raises Conflict."""
    _lock(session, shop.id)
    session.refresh(batch)
    if batch.file_made_at is not None:
        return
    approved = [p for p in queries.list_payouts(session, batch) if p.state is PayoutState.APPROVED]
    if not approved:
        raise Conflict("Approve at least one payout first. A bank file holds approved payouts only.")
    doubts = {payout.id: _doubt(session, payout) for payout in approved}
    if all(doubts.values()):
        raise Conflict(f"None of the approved payouts can be sent now. {doubts[approved[0].id]}")
    batch.file_made_at = clock.now()
    for payout in approved:
        # One vendor's doubt must not keep back what the others are paid.
        action = "hold" if doubts[payout.id] else "make_file"
        move(session, payout, action, actor=actor, reason=doubts[payout.id])


def save_payer(session: Session, shop: Shop, *, name: str, iban: str, bic: str, actor: str) -> None:
    """The account that bank files pay from. An empty `iban` keeps the one we have."""
    settings = queries.get_or_add_settings(session, shop.id)
    settings.payer_name, settings.payer_bic = name, bic
    if iban:
        settings.payer_iban = encrypt(iban, get_config().secret_keys)
        settings.payer_last4 = iban[-4:]
    settings.updated_at = clock.now()
    audit.record(session, shop.id, "payer_account.change", ("shop", shop.id), actor=actor)


def _claim(session: Session, shop: Shop, batch: PayoutBatch, row: queries.PreviewRow, actor: str) -> None:
    """Stamp the vendor's available entries with a new payout, and take them out of the available balance."""
    vendor = row.vendor
    entries = ledger.list_unpaid_entries(session, shop.id, shop.currency, vendor.id)
    amount = sum(entry.amount_minor for entry in entries)
    if amount != row.amount.minor:
        # A refund was booked since the preview was read: what is left may be too little, or even a debt.
        raise Conflict(f"The balance of {vendor.name} has just changed. Look at the preview again.")
    assert vendor.payout_iban
    assert vendor.payout_holder
    now = clock.now()
    payout = Payout(
        shop_id=shop.id,
        vendor_id=vendor.id,
        batch_id=batch.id,
        reference=f"P{batch.number}-{vendor.id}",
        amount_minor=amount,
        currency=shop.currency,
        state=PayoutState.PENDING,
        state_changed_at=now,
        iban=vendor.payout_iban,
        holder=vendor.payout_holder,
        last4=vendor.payout_last4 or "",
        created_at=now,
    )
    session.add(payout)
    session.flush()
    _stamp(session, payout, entries)
    _note(session, payout, actor, None)
    _post(session, payout, "claim", Account.VENDOR_AVAILABLE, Account.PAYOUTS_IN_TRANSIT)


def _stamp(session: Session, payout: Payout, entries: Sequence[LedgerEntry]) -> None:
    session.add_all(
        PayoutEntry(shop_id=payout.shop_id, vendor_id=payout.vendor_id, payout_id=payout.id, entry_id=entry.id)
        for entry in entries
    )
    session.flush()


def _approve_or_hold(session: Session, payout: Payout) -> tuple[str, str | None]:
    """An approval of what has become doubtful since the claim becomes a hold."""
    batch = session.get_one(PayoutBatch, payout.batch_id)
    if batch.file_made_at is not None:
        raise Conflict("The bank file of this batch was already taken. Cancel this payout; the next batch pays it.")
    doubt = _doubt(session, payout) if payout.state is PayoutState.PENDING else None
    return ("hold", doubt) if doubt else ("approve", None)


def _doubt(session: Session, payout: Payout) -> str | None:
    """What has happened to the vendor since the claim that a person should think about; None when nothing has."""
    vendor = session.get_one(Vendor, payout.vendor_id, populate_existing=True)
    if vendor.payout_changed_at and vendor.payout_changed_at > payout.created_at:
        # The payout still carries the old ones.
        return "The vendor changed the bank details after this payout was made. Cancel it and pay again later."
    if vendor.status is not VendorStatus.APPROVED:
        return "The vendor is not approved at the moment."
    return STOPPED if is_stopped(session, vendor.id) else None


def _book_move(session: Session, payout: Payout, old: PayoutState) -> None:
    """What a new state means for the books."""
    if payout.state is PayoutState.SENT:
        payout.sent_at = clock.now()
        _post(session, payout, "sent", Account.PAYOUTS_IN_TRANSIT, Account.PAID_OUT)
        publish(session, payout.shop_id, "PayoutSent", vendor_id=payout.vendor_id, payout_id=payout.id)
    elif payout.state in rules.GIVES_BACK:
        source = _MONEY_IS_IN.get(old, Account.PAYOUTS_IN_TRANSIT)
        _post(session, payout, "given_back", source, Account.VENDOR_AVAILABLE)
        session.execute(
            update(PayoutEntry)
            .where(PayoutEntry.payout_id == payout.id, PayoutEntry.released_at.is_(None))
            .values(released_at=clock.now())
        )


def _post(session: Session, payout: Payout, step: str, source: Account, to: Account) -> None:
    entries = (
        Entry(source, -payout.amount_minor, payout.vendor_id),
        Entry(to, payout.amount_minor, payout.vendor_id),
    )
    key = f"payout:{payout.id}:{step}"
    posting = Posting(key, f"payout_{step}", clock.now(), entries, vendor_id=payout.vendor_id)
    post_once(session, payout.shop_id, payout.currency, posting, payout_id=payout.id)


def _note(session: Session, payout: Payout, actor: str, reason: str | None) -> None:
    session.add(
        PayoutMove(
            shop_id=payout.shop_id,
            vendor_id=payout.vendor_id,
            payout_id=payout.id,
            state=payout.state,
            reason=reason,
            actor=actor,
            at=clock.now(),
        )
    )
    session.flush()


def _lock(session: Session, shop_id: int) -> None:
    """One batch at a time per shop: the claim reads balances and takes them."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"payouts:{shop_id}"})
