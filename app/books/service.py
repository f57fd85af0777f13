"""Asking for a proof of the books, and having one order read again."""

import math
import time
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import audit, clock
from app.books import findings, rails, rules, unknown
from app.books.differences import settle
from app.books.proof import is_due, prove
from app.db import scoped, system
from app.errors import Conflict, NotFound
from app.models.books import Difference, Proof
from app.models.events import AuditEntry
from app.models.shops import Shop, ShopStatus
from app.orders.service import book_order, lock_order
from app.payouts import sending
from app.payouts.checks import check_order
from app.queue import enqueue_after_commit
from app.reconciliation.service import look_at_order
from app.shopify.client import graphql
from app.shopify.errors import ShopifyError
from app.shopify.tokens import ShopCredentials

_TOO_OLD: Final = "of orders older than 60 days it tells an app nothing without the scope read_all_orders."


def ask(session: Session, shop_id: int, actor: str) -> Proof:
    """Have the books proven soon; the proof that is under way, when there is one."""
    running = session.scalars(
        select(Proof).where(Proof.shop_id == shop_id, Proof.finished_at.is_(None)).with_for_update()
    ).one_or_none()
    if running is None:
        running = Proof(shop_id=shop_id, asked_by=actor, asked_at=clock.now())
        session.add(running)
        session.flush()
    enqueue_after_commit(session, "jobs.books.prove", shop_id, running.id, queue="payouts")
    return running


def stop(session: Session, shop_id: int, actor: str) -> None:
    """Throw the proof away that is under way: one that did not see everything proves nothing. What it found stays."""
    running = session.scalars(
        delete(Proof).where(Proof.shop_id == shop_id, Proof.finished_at.is_(None)).returning(Proof.id)
    ).one_or_none()
    if running is not None:
        audit.record(session, shop_id, "proof.stop", ("proof", running), actor=actor)


def run_proof(shop_id: int) -> Proof:
    """Prove the books here and now, to the end, for the command line. Raises Conflict when somebody stops it."""
    with scoped(shop_id) as session:
        proof_id = ask(session, shop_id, "operator").id
    while not prove(shop_id, proof_id, seconds=math.inf):
        time.sleep(1)  # a worker has it
    with scoped(shop_id) as session:
        proven = session.get(Proof, proof_id)
    if proven is None:
        raise Conflict("The proof was stopped on the Reconciliation page.")
    return proven


def ask_where_due() -> int:
    """Every hour: the shops in which the night's proof is due. Returns how many."""
    with system() as session:
        last = (
            select(Proof.shop_id, func.max(Proof.asked_at).label("at"))
            .where(Proof.asked_by == "system")
            .group_by(Proof.shop_id)
            .subquery()
        )
        query = select(Shop.id, Shop.timezone, last.c.at).outerjoin(last, last.c.shop_id == Shop.id)
        shops = session.execute(query.where(Shop.status == ShopStatus.INSTALLED)).all()
    due = [(shop_id, timezone) for shop_id, timezone, at in shops if _is_due(timezone, at)]
    return sum(_ask_tonight(shop_id, timezone) for shop_id, timezone in due)


def _ask_tonight(shop_id: int, timezone: str) -> bool:
    """Ask for the night's proof, unless somebody stopped one since it was due."""
    with scoped(shop_id) as session:
        stops = select(func.max(AuditEntry.at)).where(
            AuditEntry.shop_id == shop_id, AuditEntry.subject_type == "proof", AuditEntry.action == "proof.stop"
        )
        stopped_at = session.scalar(stops)
        if stopped_at and not _is_due(timezone, stopped_at):
            return False
        ask(session, shop_id, "system")
    return True


def ask_to_reread(session: Session, shop_id: int, difference_id: int, actor: str) -> Difference:
    """Have the order of a difference read again, or its payout's rail asked again. Raises NotFound."""
    found = session.get(Difference, difference_id)
    if found is None or found.shop_id != shop_id or not (found.order_number or found.payout_id):
        raise NotFound("There is no such difference.")
    if found.cleared_at is None:
        found.reread_at = clock.now()
        audit.record(session, shop_id, "difference.reread", ("difference", found.id), actor=actor)
        enqueue_after_commit(session, "jobs.books.reread", shop_id, found.id, queue="payouts")
    return found


def bring_in_news(shop_id: int, difference_id: int) -> None:
    """Ask Shopify for the difference's order; what we had missed waits in the inbox afterwards. Raises ShopifyError.

    Of a payout its rail is asked, and what it says is booked.
    """
    with scoped(shop_id) as session:
        row = session.get_one(Difference, difference_id)
    if row.order_number is not None:
        look_at_order(shop_id, row.order_number)
    elif row.payout_id is not None:
        rails.have_asked(shop_id, row.payout_id)
        sending.ask(shop_id, row.payout_id)


def look_again(shop_id: int, difference_id: int) -> bool:
    """Book the order from what we hold and compare it once more; whether everything agrees. Raises ShopifyError."""
    with scoped(shop_id) as session:
        shop, row = session.get_one(Shop, shop_id), session.get_one(Difference, difference_id)
        credentials, number = ShopCredentials(shop.id, shop.domain), row.order_number
    if number is None:
        return _look_at_payout_again(shop_id, row.payout_id)
    node = graphql(credentials, "orderChanged", {"id": f"gid://shopify/Order/{number}"})
    with scoped(shop_id) as session:
        order = lock_order(session, shop_id, number)
        is_known = bool(node) or order is None or unknown.is_told_of(shop, order)
        looked_at, found = [rules.order_key(number)] if is_known else [], []
        if node:
            found += findings.of_statements(session, shop_id, [(node, findings.read_statement(node))])
        if order is not None:
            if is_known:
                unknown.note(session, shop_id, [number], [] if node else [number])
            book_order(session, order)
            session.flush()
            looked_at += findings.keys_of(order)
            found += findings.of_orders(session, {order: check_order(session, order)})
        settle(session, shop_id, looked_at, found)
    if not is_known and row.key == rules.order_key(number):
        raise ShopifyError(_TOO_OLD, permanent=True)
    return not found


def _look_at_payout_again(shop_id: int, payout_id: int | None) -> bool:
    """Compare a payout with its rail, and all payouts with their entries, once more."""
    with scoped(shop_id) as session:
        questions = rails.list_questions(session, session.get_one(Shop, shop_id), payout_id=payout_id)
    looked_at, found, _silence = rails.compare(questions)
    with scoped(shop_id) as session:
        found = [*found, *findings.of_totals(session, session.get_one(Shop, shop_id))]
        settle(session, shop_id, [*looked_at, *findings.TOTALS], found)
    return not any(one.payout_id == payout_id for one in found)


def finish_rereading(shop_id: int, difference_id: int, error: str | None = None) -> None:
    """The answer is in: the page stops waiting, and says why nothing was read."""
    with scoped(shop_id) as session:
        row = session.get_one(Difference, difference_id, with_for_update=True)
        row.reread_at = None
        if error:
            row.cause = error


def _is_due(timezone: str, last_at: datetime | None) -> bool:
    zone = ZoneInfo(timezone)
    return is_due(last_at.astimezone(zone) if last_at else None, clock.now().astimezone(zone))
