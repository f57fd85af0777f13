"""Payouts against what their rails say: a payment that came back long after it arrived, or arrived after all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.books.rules import Found
from app.db import scoped
from app.models.payouts import Payout, PayoutState, RailName
from app.models.shops import Shop
from app.payouts.queries import RAIL_WORDS, STATE_WORDS
from app.payouts.rails import RAILS
from app.payouts.rails.payments import Answer, Fate, Keys, Payment, RailRefusedError, RailSilentError
from app.payouts.sending import read_payment

AT_ONCE: Final = 20
_LOOKED_BACK: Final = timedelta(days=90)
_PAID: Final = (PayoutState.SENT, PayoutState.SETTLED)
_SAID: Final = {
    Fate.SENT: "it was sent",
    Fate.SETTLED: "it arrived",
    Fate.CAME_BACK: "it came back",
    Fate.REFUSED: "it never left",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A payout as it stands, and what its rail is asked."""

    payout_id: int
    vendor_id: int
    state: PayoutState
    rail: RailName
    rail_reference: str
    payment: Payment
    keys: Keys


def list_questions(
    session: Session, shop: Shop, *, after: int = 0, payout_id: int | None = None, limit: int = AT_ONCE
) -> list[Question]:
    """Payouts of the last months that a rail took, in the order of their ids; or one of them."""
    query = select(Payout).where(
        Payout.shop_id == shop.id,
        Payout.rail.in_(RAILS),
        Payout.by_hand.is_(False),
        Payout.rail_reference.is_not(None),
        Payout.state.in_((*_PAID, PayoutState.FAILED)),
        Payout.state_changed_at > clock.now() - _LOOKED_BACK,
        Payout.id > after,
    )
    if payout_id is not None:
        query = query.where(Payout.id == payout_id)
    payouts = session.scalars(query.order_by(Payout.id).limit(limit)).all()
    return [
        Question(p.id, p.vendor_id, p.state, p.rail, p.rail_reference or "", *read_payment(session, shop, p))
        for p in payouts
    ]


def compare(questions: Sequence[Question]) -> tuple[list[str], list[Found], str | None]:
    """Ask the rails; called outside any transaction. What was looked at, what differs, and why one was silent."""
    looked_at, found, silence = [], [], None
    for question in questions:
        try:
            answer = RAILS[question.rail].follow(question.keys, question.payment, question.rail_reference)
        except (RailSilentError, RailRefusedError) as error:
            silence = f"{RAIL_WORDS[question.rail]} could not be asked: {error}"
            continue
        looked_at.append(key_of(question.payout_id))
        if differing := _differs(question, answer):
            found.append(differing)
    return looked_at, found, silence


def key_of(payout_id: int) -> str:
    return f"rail:{payout_id}"


def have_asked(shop_id: int, payout_id: int) -> None:
    """Have the payout asked about now, whatever it was: what the rail says is then booked as it always is."""
    with scoped(shop_id) as session:
        mine = (Payout.id == payout_id, Payout.state.in_(_PAID))
        session.execute(update(Payout).where(*mine).values(next_look_at=clock.now()))


def _differs(question: Question, answer: Answer) -> Found | None:
    paid_here, paid_there = question.state in _PAID, answer.fate in (Fate.SENT, Fate.SETTLED)
    if paid_here == paid_there:
        return None
    amount, rail = question.payment.amount, RAIL_WORDS[question.rail]
    words = f"Payout {question.payment.reference} of {amount} is “{STATE_WORDS[question.state]}” in the books."
    return Found(
        key=key_of(question.payout_id),
        words=f"{words} {rail} says that {_SAID[answer.fate]}.",
        cause=_WENT_BACK if paid_here else _WENT_THROUGH,
        payout_id=question.payout_id,
        vendor_ids=frozenset({question.vendor_id}),
    )


_WENT_BACK: Final = "The money came back after it had arrived. Asking again gives it back to the vendor."
_WENT_THROUGH: Final = (
    "The books gave the money back to the vendor's balance, but it was paid all the same. A person has to settle it:"
    " debit the vendor by an adjustment, or have the money returned."
)
