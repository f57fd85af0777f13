"""Payout days: a batch is prepared with everybody who can be paid, and the merchant is told. Nothing is sent."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock
from app.commissions.agreements import get_agreed
from app.config import get_config
from app.db import scoped, system
from app.emails.service import queue_email
from app.errors import Conflict
from app.ledger.queries import sum_available
from app.models.commissions import VendorTerms
from app.models.payouts import Payout, PayoutBatch, PayoutSettings
from app.models.shops import Shop, ShopStatus
from app.money import Money
from app.payouts import service
from app.payouts.calendar import last_day
from app.payouts.settings import get_or_add


def list_scheduled() -> list[int]:
    """Shops that pay by a schedule, all vendors or some of them."""
    by_schedule = select(PayoutSettings.shop_id).where(PayoutSettings.schedule != "manual")
    own = select(VendorTerms.shop_id).where(VendorTerms.overrides.has_key("payout_schedule"))
    query = select(Shop.id).where(Shop.status == ShopStatus.INSTALLED)
    with system() as session:
        return list(session.scalars(query.where(or_(Shop.id.in_(by_schedule), Shop.id.in_(own)))))


def prepare_if_due(shop_id: int) -> bool:
    """Prepare the batch of the newest payout day, once, however late. Returns whether there is one now.

    Vendors with a schedule of their own are in it on their own days only. Of a shop whose currency changed, what is
    left in the earlier one gets a batch of its own.
    """
    with scoped(shop_id) as session:
        service.lock(session, shop_id)
        shop = session.get_one(Shop, shop_id)
        get_or_add(session, shop_id)
        held = session.get_one(PayoutSettings, shop_id, populate_existing=True)
        today, agreed = clock.today(shop.timezone), get_agreed(session, shop_id)
        own = {vendor: terms.payout_schedule for vendor, terms in agreed.alone.items() if terms.payout_schedule}
        days = {
            vendor: last_day(one["schedule"], one["day"], date.fromisoformat(one["since"]), today)
            for vendor, one in own.items()
        }
        shared = last_day(held.schedule, held.schedule_day, held.schedule_from or today, today)
        due = [day for day in (shared, *days.values()) if day and _is_new(day, held)]
        if not due:
            return False
        paid_now = {vendor for vendor, day in days.items() if _is_new(day, held)}
        left_out = days.keys() - paid_now
        is_shared = _is_new(shared, held)
        held.prepared_on = max(due)
        session.flush()
        batches = []
        for currency, sums in sum_available(session, shop_id).items():
            wanted = sums.keys() - left_out if is_shared else sums.keys() & paid_now
            batches += _prepare(session, shop, wanted, currency)
        for batch in batches:
            _tell_merchant(session, shop, batch)
        return bool(batches)


def _is_new(day: date | None, held: PayoutSettings) -> bool:
    """Whether a payout day has come and was not looked at yet."""
    return day is not None and (held.prepared_on is None or held.prepared_on < day)


def _prepare(session: Session, shop: Shop, wanted: Collection[int], currency: str) -> list[PayoutBatch]:
    try:
        with session.begin_nested():
            return [service.open_batch(session, shop, wanted, actor="schedule", currency=currency)]
    except Conflict:
        return []  # nobody can be paid: the next payout day has another look


def _tell_merchant(session: Session, shop: Shop, batch: PayoutBatch) -> None:
    if not shop.email:
        return
    amounts = session.scalars(select(Payout.amount_minor).where(Payout.batch_id == batch.id)).all()
    context = {
        "amount": Money(sum(amounts), batch.currency),
        "count": len(amounts),
        "link": get_config().admin_app_url(shop.domain, f"/app/payouts/{batch.id}"),
    }
    key = f"merchant_payouts_prepared:{batch.id}"
    queue_email(session, shop.id, "merchant_payouts_prepared", shop.email, context, dedupe_key=key)
