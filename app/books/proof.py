"""Proving a shop's books: every order against what is known of it and against Shopify, payouts against the ledger.

A proof goes on from its row: it is done in steps of seconds, each in a transaction of its own, so it may be killed,
and nobody has to keep a page open. What it finds opens differences, what it no longer finds closes them.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from app import clock
from app.books import findings, rails, rules, unknown
from app.books.differences import settle
from app.books.notifications import tell_merchant
from app.db import scoped, system
from app.ledger import closing
from app.ledger.queries import count_transactions
from app.models.books import Difference, Proof, ProofStep
from app.models.orders import Order
from app.models.payouts import Payout
from app.models.shops import Shop
from app.orders import days
from app.payouts.checks import check_order
from app.queue import enqueue
from app.shopify.client import graphql
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials

_RUN_SECONDS: Final = 100.0
_LEASE: Final = timedelta(minutes=3)
_ORDERS_AT_ONCE: Final = 100

log = structlog.get_logger()


def prove(shop_id: int, proof_id: int, *, seconds: float = _RUN_SECONDS) -> bool:
    """Go on with a proof for so many seconds. False when something is left: the next job goes on with it.

    A person may stop a proof at any moment: its row is gone then.
    """
    try:
        return _prove(shop_id, proof_id, seconds)
    except NoResultFound:
        log.info("proof_stopped", shop=shop_id)
        return True


def _prove(shop_id: int, proof_id: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    if not _claim(shop_id, proof_id):
        return False
    while (step := _step_of(shop_id, proof_id)) is not ProofStep.DONE:
        if time.monotonic() > until:
            _let_go(shop_id, proof_id)
            enqueue("jobs.books.prove", shop_id, proof_id, queue="payouts")
            return False
        _STEPS[step](shop_id, proof_id)
    return True


def sweep() -> int:
    """Ring for proofs that a died worker or a lost ring left behind. Returns how many."""
    with system() as session:
        free = (Proof.lease_until.is_(None)) | (Proof.lease_until < clock.now())
        left = session.execute(select(Proof.shop_id, Proof.id).where(Proof.finished_at.is_(None), free)).all()
    for shop_id, proof_id in left:
        enqueue("jobs.books.prove", shop_id, proof_id, queue="payouts")
    return len(left)


def _claim(shop_id: int, proof_id: int) -> bool:
    with scoped(shop_id) as session:
        proof = session.get_one(Proof, proof_id, with_for_update=True)
        now = clock.now()
        if proof.finished_at or (proof.lease_until and proof.lease_until > now):
            return proof.finished_at is not None
        proof.lease_until = now + _LEASE
        every = select(func.count()).select_from(Order).where(Order.shop_id == shop_id)
        proof.orders_total = session.scalar(every) or 0
    return True


def _let_go(shop_id: int, proof_id: int) -> None:
    with scoped(shop_id) as session:
        session.get_one(Proof, proof_id, with_for_update=True).lease_until = None


def _step_of(shop_id: int, proof_id: int) -> ProofStep:
    with scoped(shop_id) as session:
        proof = session.get_one(Proof, proof_id, with_for_update=True)
        proof.lease_until = clock.now() + _LEASE
        return proof.step


def _prove_ledger(shop_id: int, proof_id: int) -> None:
    """The next orders: is each booked as it is known, and as much as was paid less returned?"""
    with scoped(shop_id) as session:
        proof = session.get_one(Proof, proof_id, with_for_update=True)
        later = select(Order).where(Order.shop_id == shop_id, Order.id > int(proof.cursor or 0))
        orders = session.scalars(later.order_by(Order.id).limit(_ORDERS_AT_ONCE)).all()
        if not orders:
            _go_on(proof, ProofStep.SHOPIFY)
            return
        _take_over_orders(session, proof, orders)
        proof.orders += len(orders)
        proof.cursor = str(orders[-1].id)


def _prove_against_shopify(shop_id: int, proof_id: int) -> None:
    """The next page of what Shopify changed since the app came: do the books hold the same money?"""
    with scoped(shop_id) as session:
        shop, after = session.get_one(Shop, shop_id), session.get_one(Proof, proof_id).cursor
        credentials, since = ShopCredentials(shop.id, shop.domain), shop.installed_at
    changed = f"updated_at:>='{since.isoformat(timespec='seconds')}'"
    try:
        page = graphql(credentials, "ordersChanged", {"query": changed, "after": after or None})
    except ShopifyError as error:
        _do_without_shopify(credentials, proof_id, error)
        return
    with scoped(shop_id) as session:
        proof = session.get_one(Proof, proof_id, with_for_update=True)
        _compare(session, proof, page["nodes"])
        info = page["pageInfo"]
        proof.cursor = info["endCursor"] or ""
        if not info["hasNextPage"]:
            _go_on(proof, ProofStep.UNKNOWN)


def _prove_known(shop_id: int, proof_id: int) -> None:
    """The next orders of the books: does Shopify have them?"""
    with scoped(shop_id) as session:
        shop, after = session.get_one(Shop, shop_id), int(session.get_one(Proof, proof_id).cursor or 0)
        credentials = ShopCredentials(shop.id, shop.domain)
        asked = unknown.list_askable(session, shop_id, after=after)
    numbers = [number for _, number in asked]
    try:
        missing = unknown.find_unknown(credentials, numbers)
    except ShopifyError as error:
        _do_without_shopify(credentials, proof_id, error)
        return
    with scoped(shop_id) as session:
        proof = session.get_one(Proof, proof_id, with_for_update=True)
        _take_over_orders(session, proof, unknown.note(session, shop_id, numbers, missing))
        if len(asked) < unknown.AT_ONCE:
            _go_on(proof, ProofStep.RAILS)
        else:
            proof.cursor = str(asked[-1][0])


def _do_without_shopify(credentials: ShopCredentials, proof_id: int, error: ShopifyError) -> None:
    log.warning("proof_without_shopify", shop=credentials.domain, error=error.message)
    with scoped(credentials.shop_id) as session:
        proof = session.get_one(Proof, proof_id, with_for_update=True)
        proof.error = error.message
        _go_on(proof, ProofStep.RAILS)


def _compare(session: Session, proof: Proof, nodes: Sequence[dict[str, Any]]) -> None:
    now = clock.now()
    said = [(node, findings.read_statement(node)) for node in nodes]
    settling = {rules.order_key(one.number) for _, one in said if rules.is_settling(one, now)}
    found = findings.of_statements(session, proof.shop_id, said)
    unclear = settling & {one.key for one in found}
    looked_at = [key for _, one in said if (key := rules.order_key(one.number)) not in unclear]
    _take_over(session, proof, looked_at, [one for one in found if one.key not in unclear])
    proof.shopify_orders += len(looked_at)


def _prove_rails(shop_id: int, proof_id: int) -> None:
    """The next payouts that a provider took: does it say what the books say?"""
    with scoped(shop_id) as session:
        after = int(session.get_one(Proof, proof_id).cursor or 0)
        questions = rails.list_questions(session, session.get_one(Shop, shop_id), after=after)
    looked_at, found, silence = rails.compare(questions)
    with scoped(shop_id) as session:
        proof = session.get_one(Proof, proof_id, with_for_update=True)
        _take_over(session, proof, looked_at, found)
        proof.error = proof.error or silence
        if len(questions) < rails.AT_ONCE:
            _go_on(proof, ProofStep.PAYOUTS)
        else:
            proof.cursor = str(questions[-1].payout_id)


def _prove_payouts(shop_id: int, proof_id: int) -> None:
    """Bookings, payouts and balances among each other, the last weeks' figures of orders; then the proof is done."""
    with scoped(shop_id) as session:
        proof = session.get_one(Proof, proof_id, with_for_update=True)
        shop = session.get_one(Shop, shop_id)
        wrong = days.list_wrong(session, shop)
        days.note_days(session, shop_id, wrong)
        found = findings.of_totals(session, shop) + findings.of_days(wrong)
        if any(one.key.startswith("closing:") for one in found):
            closing.add_up_again(session, shop_id)
        _take_over(session, proof, findings.TOTALS, found)
        proof.transactions = count_transactions(session, shop_id)
        every = select(func.count()).select_from(Payout).where(Payout.shop_id == shop_id)
        proof.payouts = session.scalar(every) or 0
        left = select(func.count()).where(Difference.shop_id == shop_id, Difference.cleared_at.is_(None))
        proof.open = session.scalar(left) or 0
        _go_on(proof, ProofStep.DONE)
        proof.finished_at = clock.now()
        if proof.found:
            tell_merchant(session, proof)
        log.info("books_proven", shop=shop_id, orders=proof.orders, found=proof.found, open=proof.open)


def _take_over_orders(session: Session, proof: Proof, orders: Sequence[Order]) -> None:
    looked_at = [key for order in orders for key in findings.keys_of(order)]
    _take_over(
        session, proof, looked_at, findings.of_orders(session, {order: check_order(session, order) for order in orders})
    )


def _take_over(session: Session, proof: Proof, looked_at: Sequence[str], found: Sequence[rules.Found]) -> None:
    outcome = settle(session, proof.shop_id, looked_at, found)
    proof.found += outcome.new
    proof.cleared += outcome.cleared


def _go_on(proof: Proof, step: ProofStep) -> None:
    proof.step, proof.cursor = step, ""


_STEPS: Final[dict[ProofStep, Callable[[int, int], None]]] = {
    ProofStep.LEDGER: _prove_ledger,
    ProofStep.SHOPIFY: _prove_against_shopify,
    ProofStep.UNKNOWN: _prove_known,
    ProofStep.RAILS: _prove_rails,
    ProofStep.PAYOUTS: _prove_payouts,
}


def is_due(last_at: datetime | None, now: datetime) -> bool:
    """Whether a shop's nightly proof is due: at two in the morning of its own time, or as soon after as can be.

    Both moments in the shop's time zone.
    """
    if last_at is None:
        return True
    night = now.replace(hour=2, minute=0, second=0, microsecond=0)
    return last_at < (night if now >= night else night - timedelta(days=1))
