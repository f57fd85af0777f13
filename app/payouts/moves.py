"""Moving payouts from state to state, one or ten thousand at once.

States move by compare-and-swap: of two people who press the same button, one is told that it has happened already.
What a new state means for the books is booked in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, ColumnElement, case, exists, func, literal, select, update
from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import Conflict, ValidationErrors
from app.events import publish_for_vendors
from app.ledger.payout_postings import post_payouts
from app.ledger.rules import Account
from app.ledger.stops import STOPPED
from app.models.books import PayoutStop
from app.models.payouts import RAIL, Payout, PayoutBatch, PayoutEntry, PayoutState, RailName
from app.models.vendors import Vendor
from app.payouts import queries, rules
from app.rows import Row, insert_rows
from app.vendors.rules import PAYOUT_DETAILS_HOLD

_PAID: Final = frozenset({PayoutState.SENT, PayoutState.SETTLED})
_SENDS: Final = frozenset({"make_file", "send"})
_DETAILS_CHANGED: Final = (
    "The vendor changed the payout details when this payout was made or later. Cancel it and pay again later."
)
_NOT_APPROVED: Final = "The vendor is not approved at the moment."


class _MoveRow(Row, kw_only=True):
    shop_id: int
    vendor_id: int
    payout_id: int
    state: PayoutState
    actor: str
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Paid:
    """What is known of how money left."""

    reference: str | None = None
    on: date | None = None
    by_hand: bool = False


def move(
    session: Session, payout: Payout, action: str, *, actor: str, reason: str | None = None, paid: Paid | None = None
) -> None:
    """Do a named action on a payout. Raises Conflict when it is not possible (any more), ValidationErrors.

    Approving or sending what has become doubtful since it was claimed holds it instead.
    """
    reason = (reason or "").strip() or None
    if action in rules.REASON_NEEDED and not reason:
        raise ValidationErrors({"reason": "Say why. The vendor reads it."})
    if rules.state_after(action, payout.state) is None or not rules.fits(action, payout.rail, by_hand=payout.by_hand):
        raise Conflict(f"This payout is {queries.STATE_WORDS[payout.state].lower()}, so that is no longer possible.")
    if action in {"approve", "release"} and payout.rail is RailName.BANK:
        _refuse_after_file(session, payout)
    moved = move_all(session, payout.shop_id, [payout.id], action, actor=actor, reason=reason, paid=paid)
    if not moved:
        raise Conflict("Somebody else has just changed this payout. Load the page again.")
    session.refresh(payout)


def move_all(
    session: Session,
    shop_id: int,
    payout_ids: Sequence[int],
    action: str,
    *,
    actor: str,
    reason: str | None = None,
    paid: Paid | None = None,
) -> int:
    """Do a named action on every one of the payouts on which it is possible. Returns how many moved.

    One vendor's doubt does not keep back what the others are paid: doubtful payouts are put on hold.
    """
    moved = 0
    if action == "approve" or action in _SENDS:
        for words, doubtful in _find_doubts(session, payout_ids, action).items():
            moved += _move_each_state(session, shop_id, doubtful, "hold", actor, words)
    return moved + _move_each_state(session, shop_id, payout_ids, action, actor, reason, paid or Paid())


def _move_each_state(
    session: Session,
    shop_id: int,
    payout_ids: Sequence[int],
    action: str,
    actor: str,
    reason: str | None,
    paid: Paid = Paid(),
) -> int:
    moved = 0
    for old, new in rules.MOVES[action].items():
        ids = _swap(session, payout_ids, action, old, new, reason, paid)
        if ids:
            _note(session, shop_id, ids, action, PayoutState(new), actor, reason)
            _book(session, shop_id, ids, PayoutState(old), PayoutState(new), actor)
        moved += len(ids)
    return moved


def _swap(
    session: Session, payout_ids: Sequence[int], action: str, old: str, new: str, reason: str | None, paid: Paid
) -> list[int]:
    """Compare and swap. Returns the ids of those that moved."""
    values: dict[str, Any] = {"state": new, "state_reason": reason, "state_changed_at": clock.now()}
    if action == "send":
        values |= {"next_look_at": clock.now()}
    elif action in {"give_up", "stop"}:
        values |= {"next_look_at": None}  # under the same key: should it be sent again, the rail is asked for it first
    elif action == "refuse":
        # Refused for certain: the next attempt is another payment, under another key.
        fresh = func.concat("payout-", Payout.reference, "-", func.substr(func.md5(func.random().concat("")), 1, 8))
        values |= {"rail_key": fresh, "next_look_at": None, "attempts": 0}
    elif new == PayoutState.SENT:
        values |= {"sent_at": clock.now(), "paid_on": paid.on, "by_hand": paid.by_hand}
        values |= {"rail_reference": paid.reference} if paid.reference else {}
    elif action == "undo":
        values |= {"sent_at": None, "paid_on": None, "by_hand": False, "rail_reference": None}
    elif new in rules.GIVES_BACK:
        values |= {"next_look_at": None}
    swap = update(Payout).where(Payout.id == _any(payout_ids), Payout.state == old).values(values)
    if action in _SENDS:
        swap = swap.where((Payout.rail == RailName.BANK) == (action == "make_file"))
    if action == "stop":
        swap = swap.where(Payout.attempts == 0)  # the rail has not heard of it, and now will not
    answer = session.execute(swap.returning(Payout.id).execution_options(synchronize_session=False))
    return list(answer.scalars())


def _book(session: Session, shop_id: int, ids: Sequence[int], old: PayoutState, new: PayoutState, actor: str) -> None:
    """What the move means for the books, and for the vendor: nothing came back that nobody said was on its way."""
    was_paid, is_paid = old in _PAID, new in _PAID
    if new in rules.GIVES_BACK:
        source = Account.PAID_OUT if was_paid else Account.PAYOUTS_IN_TRANSIT
        post_payouts(session, shop_id, ids, "given_back", source, Account.VENDOR_AVAILABLE)
        released = update(PayoutEntry).where(PayoutEntry.payout_id == _any(ids), PayoutEntry.released_at.is_(None))
        session.execute(released.values(released_at=clock.now()), execution_options={"synchronize_session": False})
    elif is_paid and not was_paid:
        post_payouts(session, shop_id, ids, "sent", Account.PAYOUTS_IN_TRANSIT, Account.PAID_OUT)
    elif was_paid and not is_paid:
        post_payouts(session, shop_id, ids, "undone", Account.PAID_OUT, Account.PAYOUTS_IN_TRANSIT)
    if is_paid is not was_paid or (new is PayoutState.FAILED and actor == RAIL):
        rows = session.execute(select(Payout.id, Payout.vendor_id).where(Payout.id == _any(ids)))
        subjects = [{"payout_id": payout_id, "vendor_id": vendor_id} for payout_id, vendor_id in rows]
        publish_for_vendors(session, shop_id, "PayoutSent" if is_paid else "PayoutReturned", subjects)


def _note(
    session: Session,
    shop_id: int,
    ids: Sequence[int],
    action: str,
    state: PayoutState,
    actor: str,
    reason: str | None,
) -> None:
    """The payouts' history, and the shop's."""
    rows = note_moves(session, ids, state, actor, reason)
    audit.record_for_vendors(session, shop_id, f"payout.{action}", "payout", rows, actor=actor, reason=reason)


def note_moves(
    session: Session, ids: Sequence[int], state: PayoutState, actor: str, reason: str | None = None
) -> list[tuple[int, int]]:
    """A line in the payouts' history. Returns each payout's id and its vendor's."""
    now = clock.now()
    payouts = session.execute(select(Payout.id, Payout.vendor_id, Payout.shop_id).where(Payout.id == _any(ids))).all()
    rows = [
        _MoveRow(
            shop_id=shop_id,
            vendor_id=vendor_id,
            payout_id=payout_id,
            state=state,
            actor=actor,
            reason=reason,
            at=now,
        )
        for payout_id, vendor_id, shop_id in payouts
    ]
    insert_rows(session, "payout_moves", rows)
    return [(payout_id, vendor_id) for payout_id, vendor_id, _ in payouts]


def _any(ids: Sequence[int]) -> ColumnElement[int]:
    """One parameter, however many payouts: PostgreSQL takes 65,535."""
    return func.any(literal(list(ids), ARRAY(BigInteger)))


def _refuse_after_file(session: Session, payout: Payout) -> None:
    batch = session.get_one(PayoutBatch, payout.batch_id)
    if batch.file_made_at is not None:
        raise Conflict("The bank file of this batch was already taken. Cancel this payout; the next batch pays it.")


def _find_doubts(session: Session, payout_ids: Sequence[int], action: str) -> dict[str, list[int]]:
    """What has happened to vendors since the claim that a person should think about: words, and whose payouts."""
    state = next(iter(rules.MOVES[action]))
    query = (
        select(
            Payout.id,
            case(
                # The payout still carries the old details; or it was claimed at the very moment of the change, and
                # carries new ones that have not waited.
                (Vendor.payout_changed_at > Payout.created_at - PAYOUT_DETAILS_HOLD, _DETAILS_CHANGED),
                (Vendor.status.not_in(rules.PAYABLE), _NOT_APPROVED),
                (exists().where(PayoutStop.vendor_id == Vendor.id), STOPPED),
            ).label("words"),
        )
        .join(Vendor, Vendor.id == Payout.vendor_id)
        .where(Payout.id == _any(payout_ids), Payout.state == state)
        .subquery()
    )
    doubts: dict[str, list[int]] = {}
    for payout_id, words in session.execute(select(query).where(query.c.words.is_not(None))):
        doubts.setdefault(words, []).append(payout_id)
    return doubts
