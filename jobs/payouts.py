"""Money that becomes available by itself, and payouts that are on their way."""

import structlog
from sqlalchemy import select

from app import clock
from app.db import scoped, system
from app.models.orders import VendorOrder
from app.models.shops import Shop, ShopStatus
from app.orders.service import release_due_holds
from app.payouts import archives, invoice_runs, schedule, sending
from app.queue import enqueue

_AT_ONCE = 500
log = structlog.get_logger()


def release_holds() -> int:
    """Book every order again of which a release date has passed. Returns how many."""
    with system() as session:
        due = (
            select(VendorOrder.shop_id, VendorOrder.order_id)
            .join(Shop, (Shop.id == VendorOrder.shop_id) & (Shop.status == ShopStatus.INSTALLED))
            .where(VendorOrder.next_release_at <= clock.now())
            .distinct()
            .limit(_AT_ONCE)
        )
        orders = session.execute(due).all()
    for shop_id, order_id in orders:
        try:
            with scoped(shop_id) as session:
                release_due_holds(session, shop_id, order_id)
        except Exception:
            # One order that cannot be booked must not keep everybody else's money back; the books check names it.
            log.exception("release_failed", shop=shop_id, order=order_id)
    if len(orders) == _AT_ONCE:
        enqueue("jobs.payouts.release_holds", queue="payouts")
    return len(orders)


def ask_rails() -> int:
    """Send what is to be sent and hear what became of the rest. Returns how many payouts were asked about."""
    asked = sending.ask_due()
    if asked == sending.AT_ONCE:
        enqueue("jobs.payouts.ask_rails", queue="payouts")
    return asked


def prepare_scheduled() -> None:
    """On each shop's payout day: prepare its batch."""
    for shop_id in schedule.list_scheduled():
        try:
            schedule.prepare_if_due(shop_id)
        except Exception:
            # One shop's trouble must not keep the others' vendors waiting; the next ring tries again.
            log.exception("schedule_failed", shop=shop_id)


def issue_invoices() -> None:
    """When a month has ended: invoice it, where the merchant chose so."""
    for shop_id in invoice_runs.list_monthly():
        try:
            invoice_runs.ask_if_due(shop_id)
        except Exception:
            # As above: the next ring tries again.
            log.exception("invoices_failed", shop=shop_id)


def issue_some_invoices(shop_id: int, run_id: int, place: int) -> None:
    invoice_runs.carry_on(shop_id, run_id, place)


def sweep_invoices() -> None:
    """Every minute: runs that were left behind."""
    invoice_runs.sweep()


def print_archive(shop_id: int, archive_id: int, place: int) -> None:
    archives.carry_on(shop_id, archive_id, place)


def sweep_archives() -> None:
    """Every minute: what was left behind, and files that are too old."""
    archives.sweep()
