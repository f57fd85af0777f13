"""Paying vendors: claim, look, approve, send. Amounts come from the ledger only, and nothing is sent twice.

A batch's entries are claimed in one transaction, out of one look at the books; a unique index keeps an entry out of a
second payout, whoever races.
"""

from collections.abc import Collection

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import Conflict
from app.ledger import queries as ledger
from app.ledger.payout_postings import post_payouts
from app.ledger.rules import Account
from app.models.payouts import Payout, PayoutBatch, PayoutState, RailName
from app.models.shops import Shop
from app.payouts import moves, queries
from app.queue import enqueue_after_commit

_ADD_PAYOUTS = text("""
INSERT INTO payouts (shop_id, vendor_id, batch_id, reference, amount_minor, currency, state, state_changed_at,
                     rail, account, holder, last4, rail_key, created_at)
SELECT v.shop_id, v.id, b.id, 'P' || b.number || '-' || v.id, sums.amount, b.currency, 'pending', b.created_at,
       v.payout_rail, v.payout_account, v.payout_holder, coalesce(v.payout_last4, ''),
       'payout-P' || b.number || '-' || v.id || '-' || substr(md5(random()::text), 1, 8), b.created_at
FROM payout_batches b
CROSS JOIN (SELECT vendor_id, sum(amount_minor) AS amount FROM unpaid_now GROUP BY vendor_id) AS sums
JOIN vendors v ON v.id = sums.vendor_id
WHERE b.id = :batch_id AND v.id = ANY(:vendor_ids)
ORDER BY v.id
""")
_STAMP = text("""
INSERT INTO payout_entries (shop_id, vendor_id, payout_id, entry_id)
SELECT p.shop_id, p.vendor_id, p.id, unpaid_now.id
FROM payouts p JOIN unpaid_now ON unpaid_now.vendor_id = p.vendor_id
WHERE p.batch_id = :batch_id
""")


def open_batch(
    session: Session, shop: Shop, vendor_ids: Collection[int] | None, *, actor: str, currency: str | None = None
) -> PayoutBatch:
    """Claim what the chosen vendors can be paid now; None: everybody who can. Raises Conflict when nobody can.

    What is booked while this runs is in the next payout. `currency`: the shop's when None.
    """
    lock(session, shop.id)
    currency = currency or shop.currency
    ledger.keep_unpaid(session, shop.id, currency)
    rows = queries.preview(session, shop, ledger.sum_kept(session), currency=currency)
    wanted = None if vendor_ids is None else frozenset(vendor_ids)
    chosen = [row.vendor.id for row in rows if row.obstacle is None and (wanted is None or row.vendor.id in wanted)]
    if not chosen:
        raise Conflict("Nobody of these can be paid now. Look at the preview again: it says why.")
    batch = _add_batch(session, shop, currency, actor)
    session.execute(_ADD_PAYOUTS, {"batch_id": batch.id, "vendor_ids": chosen})
    # The planner has no statistics of payouts this young, and would look at a million entries for each of them.
    session.execute(text("SET LOCAL enable_nestloop = off"))
    session.execute(_STAMP, {"batch_id": batch.id})
    session.execute(text("SET LOCAL enable_nestloop = on"))
    session.execute(text("DROP TABLE unpaid_now"))
    _note_claims(session, shop, batch, actor)
    audit.record(session, shop.id, "payout_batch.open", ("payout_batch", batch.id), actor=actor)
    return batch


def make_file(session: Session, shop: Shop, batch: PayoutBatch, *, actor: str) -> None:
    """Fix which payouts the batch's bank file holds; from then on every file of it says the same. Raises Conflict."""
    lock(session, shop.id)
    session.refresh(batch)
    if batch.file_made_at is not None:
        return
    approved = _list_approved(session, batch, by_bank=True)
    if not approved:
        raise Conflict("Approve at least one payout first. A bank file holds approved payouts only.")
    batch.file_made_at = clock.now()
    moves.move_all(session, shop.id, approved, "make_file", actor=actor)
    in_file = select(func.count()).where(Payout.batch_id == batch.id, Payout.state == PayoutState.SENDING)
    if not session.scalar(in_file.where(Payout.rail == RailName.BANK)):
        raise Conflict("None of the approved payouts can be sent now: their vendors or payout details have changed.")


def send(session: Session, shop: Shop, batch: PayoutBatch, *, actor: str) -> int:
    """Hand the batch's approved payouts to PayPal and Stripe: a job sends them, each by its key. Returns how many."""
    lock(session, shop.id)
    approved = _list_approved(session, batch, by_bank=False)
    if not approved:
        raise Conflict("There is nothing approved to send.")
    moved = moves.move_all(session, shop.id, approved, "send", actor=actor)
    enqueue_after_commit(session, "jobs.payouts.ask_rails", queue="payouts")
    return moved


def move_batch(session: Session, shop: Shop, batch: PayoutBatch, action: str, *, actor: str) -> int:
    """Do an action on every payout of the batch on which a person may. Returns how many. Raises Conflict for none."""
    lock(session, shop.id)  # of two people who press at once, the second is told that it has happened
    fitting = queries.list_fitting(session, batch, action)
    if not fitting:
        raise Conflict("There was nothing left to do.")
    return moves.move_all(session, shop.id, fitting, action, actor=actor)


def act_on_batch(session: Session, shop: Shop, batch: PayoutBatch, action: str, *, actor: str) -> None:
    """Do an action on every payout of the batch for which it is possible. Raises Conflict for none."""
    if action == "make_file":
        make_file(session, shop, batch, actor=actor)
    elif action == "send":
        send(session, shop, batch, actor=actor)
    else:
        move_batch(session, shop, batch, action, actor=actor)


def lock(session: Session, shop_id: int) -> None:
    """One batch at a time per shop: the claim reads balances and takes them."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"payouts:{shop_id}"})


def _add_batch(session: Session, shop: Shop, currency: str, actor: str) -> PayoutBatch:
    highest = session.scalar(select(func.max(PayoutBatch.number)).where(PayoutBatch.shop_id == shop.id))
    batch = PayoutBatch(
        shop_id=shop.id,
        number=(highest or 0) + 1,
        currency=currency,
        created_by=actor,
        created_at=clock.now(),
    )
    session.add(batch)
    session.flush()
    return batch


def _note_claims(session: Session, shop: Shop, batch: PayoutBatch, actor: str) -> None:
    """The first line of each payout's history, and its amount out of the vendor's available balance."""
    ids = list(session.scalars(select(Payout.id).where(Payout.batch_id == batch.id)))
    moves.note_moves(session, ids, PayoutState.PENDING, actor)
    post_payouts(session, shop.id, ids, "claim", Account.VENDOR_AVAILABLE, Account.PAYOUTS_IN_TRANSIT)


def _list_approved(session: Session, batch: PayoutBatch, *, by_bank: bool) -> list[int]:
    query = select(Payout.id).where(
        Payout.batch_id == batch.id,
        Payout.state == PayoutState.APPROVED,
        (Payout.rail == RailName.BANK) == by_bank,
    )
    return list(session.scalars(query))
