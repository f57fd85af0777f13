"""Asking the rails: claim in one transaction, ask outside any, record the answer in another.

Killed anywhere in between, nothing is lost and nothing is sent twice: whoever comes next asks the rail by the payout's
key what has become of it, and only sends (under the same key) when the rail surely has nothing.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.config import get_config
from app.crypto import decrypt
from app.db import scoped, system
from app.errors import Conflict
from app.models.payouts import RAIL, Payout, PayoutState, RailKeys, RailName
from app.models.shops import Shop, ShopStatus
from app.payouts import moves, rules
from app.payouts.queries import RAIL_WORDS
from app.payouts.rails import RAILS
from app.payouts.rails.payments import Answer, Fate, Keys, Payment, RailRefusedError, RailSilentError, look_for
from app.payouts.settings import find_keys

AT_ONCE: Final = 100
_THREADS: Final = 4
_LEASE: Final = timedelta(minutes=5)
"""Longer than a rail may take: a payout claimed by a worker that died is asked about again afterwards."""
_ASKED: Final = (PayoutState.SENDING, PayoutState.SENT, PayoutState.SETTLED)
_HELD_BY: Final = {Fate.REFUSED: "refuse", Fate.UNKNOWN: "give_up"}
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Claim:
    """A payout as it was when this worker took it."""

    shop_id: int
    payout_id: int
    rail: RailName
    state: PayoutState
    attempts: int
    rail_reference: str | None
    payment: Payment
    keys: Mapping[str, str]
    is_others: bool
    """The keys may open another account than the one that was asked to pay."""


def ask_due() -> int:
    """Ask the rails about every payout whose turn has come. Returns how many; AT_ONCE means that more may wait."""
    with system() as session:
        due = (
            select(Payout.shop_id, Payout.id)
            .join(Shop, (Shop.id == Payout.shop_id) & (Shop.status == ShopStatus.INSTALLED))
            .where(Payout.next_look_at <= clock.now())
            .order_by(Payout.next_look_at)
            .limit(AT_ONCE)
        )
        found = session.execute(due).all()
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda row: ask(*row), found))
    return len(found)


def ask(shop_id: int, payout_id: int) -> None:
    """Send a payout that is to be sent, or hear what became of one that was. Nothing when it is not its turn."""
    try:
        with scoped(shop_id) as session:
            claim = _claim(session, shop_id, payout_id)
        if claim is None:
            return
        try:
            answer = _ask(claim)
        except RailSilentError as silence:
            with scoped(shop_id) as session:
                _postpone(session, claim, str(silence))
            return
        with scoped(shop_id) as session:
            _record(session, claim, answer)
    except Conflict:
        log.info("payout_moved_meanwhile", shop=shop_id, payout=payout_id)
    except Exception:
        # One payout that cannot be asked about must not keep back the others; its lease ends by itself.
        log.exception("payout_failed", shop=shop_id, payout=payout_id)


def _claim(session: Session, shop_id: int, payout_id: int) -> _Claim | None:
    """Take the payout for this attempt: of two workers one gets it."""
    now = clock.now()
    taken = (
        update(Payout)
        .where(Payout.id == payout_id, Payout.next_look_at <= now, Payout.state.in_(_ASKED))
        .values(next_look_at=now + _LEASE, attempts=Payout.attempts + 1)
        .returning(Payout)
    )
    payout = session.scalars(taken).one_or_none()
    if payout is None:
        return None
    payment, keys = read_payment(session, session.get_one(Shop, shop_id), payout)
    mine = (RailKeys.shop_id == shop_id, RailKeys.rail == payout.rail)
    entered_at = session.scalar(select(RailKeys.updated_at).where(*mine))
    return _Claim(
        shop_id=shop_id,
        payout_id=payout.id,
        rail=payout.rail,
        state=payout.state,
        attempts=payout.attempts,
        rail_reference=payout.rail_reference,
        payment=payment,
        keys=keys,
        is_others=entered_at is None or entered_at > payout.state_changed_at,
    )


def read_payment(session: Session, shop: Shop, payout: Payout) -> tuple[Payment, Keys]:
    """The payout as its rail is asked about it, and the shop's keys there: none when they were removed."""
    payment = Payment(
        key=payout.rail_key,
        reference=payout.reference,
        account=decrypt(payout.account, get_config().secret_keys),
        amount=payout.amount,
        note=f"{shop.name} payout {payout.reference}",
        first_tried_at=payout.sent_at or payout.state_changed_at,
    )
    return payment, find_keys(session, shop.id, payout.rail)


def _ask(claim: _Claim) -> Answer:
    rail, unsure = RAILS[claim.rail], claim.state is PayoutState.SENDING and claim.attempts > 1
    if unsure and claim.is_others:
        words = "The keys were changed or removed before it was known what became of it. " + look_for(claim.payment)
        return Answer(Fate.UNKNOWN, words=words)
    if not claim.keys:
        removed = f"The keys of {RAIL_WORDS[claim.rail]} were removed"
        if claim.state is PayoutState.SENDING and claim.attempts == 1:
            return Answer(Fate.REFUSED, words=f"{removed}. Enter them in the payout settings.")
        raise RailSilentError(f"{removed}, so nobody can ask what became of it.")
    try:
        if claim.state is not PayoutState.SENDING and claim.rail_reference:
            return rail.follow(claim.keys, claim.payment, claim.rail_reference)
        if claim.attempts == 1:
            return rail.send(claim.keys, claim.payment)
        return rail.find(claim.keys, claim.payment) or rail.send(claim.keys, claim.payment)
    except RailRefusedError as refused:
        raise RailSilentError(str(refused)) from refused


def _postpone(session: Session, claim: _Claim, words: str) -> None:
    session.execute(
        update(Payout)
        .where(Payout.id == claim.payout_id, Payout.state == claim.state, Payout.rail_key == claim.payment.key)
        .values(next_look_at=clock.now() + rules.pause_after(claim.attempts), state_reason=words)
    )


def _record(session: Session, claim: _Claim, answer: Answer) -> None:
    payout = session.get_one(Payout, claim.payout_id, with_for_update=True)
    if payout.state is not claim.state or payout.rail_key != claim.payment.key:
        raise Conflict("Somebody else has recorded it.")
    today = clock.today(session.get_one(Shop, claim.shop_id).timezone)
    for action in _moves_to(payout.state, answer.fate):
        paid = moves.Paid(answer.rail_reference, today) if action == "mark_sent" else None
        moves.move_all(session, claim.shop_id, [payout.id], action, actor=RAIL, reason=answer.words, paid=paid)
    session.refresh(payout)
    if payout.state in _ASKED:
        payout.attempts, payout.state_reason = 0, answer.words
        payout.next_look_at = clock.now() + answer.look_again if answer.look_again else None


def _moves_to(state: PayoutState, fate: Fate) -> list[str]:
    """The moves that lead from a state to what the rail says."""
    if fate in _HELD_BY:
        return [_HELD_BY[fate]] if state is PayoutState.SENDING else []
    if fate is Fate.CAME_BACK:
        return ["fail"]
    moves_to_make = ["mark_sent"] if state is PayoutState.SENDING else []
    if fate is Fate.SETTLED and state is not PayoutState.SETTLED:
        moves_to_make.append("settle")
    return moves_to_make
