"""Payout days: a batch is prepared with everybody who can be paid, and the merchant is told. Nothing is sent."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import get_config
from app.db import scoped, system
from app.emails.service import queue_email
from app.errors import Conflict
from app.models.payouts import Payout, PayoutBatch, PayoutSettings
from app.models.shops import Shop, ShopStatus
from app.money import Money
from app.payouts import queries, service
from app.payouts.calendar import last_day


def list_scheduled() -> list[int]:
    """Shops that pay by a schedule."""
    query = (
        select(PayoutSettings.shop_id)
        .join(Shop, Shop.id == PayoutSettings.shop_id)
        .where(PayoutSettings.schedule != "manual", Shop.status == ShopStatus.INSTALLED)
    )
    with system() as session:
        return list(session.scalars(query))


def prepare_if_due(shop_id: int) -> bool:
    """Prepare the batch of the newest payout day, once, however late. Returns whether there is one now."""
    with scoped(shop_id) as session:
        service.lock(session, shop_id)
        shop = session.get_one(Shop, shop_id)
        held = session.get_one(PayoutSettings, shop_id, populate_existing=True)
        begun, today = held.schedule_from or queries.today(shop), queries.today(shop)
        due = last_day(held.schedule, held.schedule_day, begun, today)
        if due is None or (held.prepared_on is not None and held.prepared_on >= due):
            return False
        held.prepared_on = due
        session.flush()
        try:
            with session.begin_nested():
                batch = service.open_batch(session, shop, None, actor="schedule")
        except Conflict:
            return False  # nobody can be paid: the next payout day has another look
        _tell_merchant(session, shop, batch)
        return True


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
