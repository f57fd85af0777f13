"""Issuing fee invoices to all vendors: a job goes from one to the next, so that it may be killed or stopped anywhere.

Some vendors are a transaction: their invoices, the numbers of these and how far the run is are stored together or not
at all. So numbers stay without gaps, and nothing is charged twice.
"""

from datetime import date
from typing import Final

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock
from app.db import scoped, system
from app.errors import NotFound
from app.models.payouts import InvoiceRun, PayoutSettings
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor
from app.payouts import invoices, queries
from app.queue import enqueue_after_commit
from app.turns import LEASE, SLICE_SECONDS, Turns

_AT_ONCE: Final = 25
_TURNS: Final = Turns("jobs.payouts.issue_some_invoices", InvoiceRun, InvoiceRun.asked_at)


def ask(session: Session, shop: Shop, *, until: date, actor: str) -> InvoiceRun:
    """Have all commission booked before the day `until` invoiced soon; whoever asks meanwhile gets the same run.

    Raises Conflict when the merchant's name and address are not known.
    """
    invoices.check_seller(queries.find_settings(session, shop.id))
    over = or_(InvoiceRun.finished_at.is_not(None), InvoiceRun.failed_at.is_not(None))
    earlier = session.scalars(delete(InvoiceRun).where(InvoiceRun.shop_id == shop.id, over).returning(InvoiceRun.until))
    is_retry = actor == "schedule" and until in earlier.all()
    vendors = session.scalars(select(Vendor.id).where(Vendor.shop_id == shop.id).order_by(Vendor.id)).all()
    new = {"until": until, "vendors": vendors, "total": len(vendors), "asked_by": actor, "asked_at": clock.now()}
    added = insert(InvoiceRun).values(shop_id=shop.id, **new).on_conflict_do_nothing().returning(InvoiceRun.id)
    if session.scalar(added) is not None and not is_retry:
        audit.record(session, shop.id, "fee_invoices.issue", ("shop", shop.id), actor=actor)
    _sweep_soon(session)
    return session.scalars(select(InvoiceRun).where(InvoiceRun.shop_id == shop.id)).one()


def find_latest(session: Session, shop_id: int) -> InvoiceRun | None:
    """The one that is under way, or the last that was."""
    return session.scalar(select(InvoiceRun).where(InvoiceRun.shop_id == shop_id))


def stop(session: Session, shop_id: int, run_id: int, *, actor: str) -> bool:
    """Issue no more; what was issued stays. False when it was over already. Raises NotFound."""
    mine = (InvoiceRun.shop_id == shop_id, InvoiceRun.id == run_id)
    run = session.scalar(select(InvoiceRun).where(*mine).with_for_update())
    if run is None:
        raise NotFound("These invoices were issued already.")
    if run.finished_at is not None or run.failed_at is not None:
        return False
    _end(session, run)
    audit.record(session, shop_id, "fee_invoices.stop", ("shop", shop_id), actor=actor)
    _sweep_soon(session)
    return True


def _end(session: Session, run: InvoiceRun) -> None:
    """The monthly ones need not look at the same again, nor at what a person has stopped."""
    run.finished_at, run.lease_until = clock.now(), None
    held = session.get_one(PayoutSettings, run.shop_id, with_for_update=True)
    held.invoiced_until = max(held.invoiced_until or run.until, run.until)


def _sweep_soon(session: Session) -> None:
    """It rings for whose turn it is."""
    enqueue_after_commit(session, "jobs.payouts.sweep_invoices", queue="payouts")


# -- every month -------------------------------------------------------------------------------------------------------


def list_monthly() -> list[int]:
    """Shops that invoice every month."""
    query = (
        select(PayoutSettings.shop_id)
        .join(Shop, Shop.id == PayoutSettings.shop_id)
        .where(PayoutSettings.invoice_monthly, Shop.status == ShopStatus.INSTALLED)
    )
    with system() as session:
        return list(session.scalars(query))


def ask_if_due(shop_id: int) -> None:
    """Have what was charged before this month invoiced, once for each month, however late the clock gets to it."""
    with scoped(shop_id) as session:
        shop, held = session.get_one(Shop, shop_id), session.get_one(PayoutSettings, shop_id)
        due = clock.today(shop.timezone).replace(day=1)
        if held.invoiced_until is None or held.invoiced_until < due:
            ask(session, shop, until=due, actor="schedule")


# -- the job -----------------------------------------------------------------------------------------------------------


def carry_on(shop_id: int, run_id: int, place: int, *, seconds: float = SLICE_SECONDS) -> None:
    """Go on issuing from a place until it is done or the time is over; then it is the next one's turn."""
    _TURNS.carry_on(shop_id, run_id, place, _issue_next, seconds=seconds)


def _issue_next(shop_id: int, run_id: int) -> bool:
    """To the next vendors. False when these were the last, or it was stopped."""
    with scoped(shop_id) as session:
        left = select(InvoiceRun).where(InvoiceRun.id == run_id, *_TURNS.is_left)
        run = session.scalar(left.with_for_update())
        if run is None:
            return False
        some = run.vendors[run.done : run.done + _AT_ONCE]
        run.issued += invoices.issue(session, session.get_one(Shop, shop_id), some, until=run.until)
        run.done += len(some)
        run.attempts, run.lease_until = 0, clock.now() + LEASE
        if run.done == run.total:
            _end(session, run)
        return run.finished_at is None


def sweep() -> int:
    """Ring for whose turn it is: a worker died, or a ring was lost. Returns how many rings."""
    return _TURNS.ring()
