"""Fee invoices that are issued by themselves, once for each month, however late the clock gets to it."""

from sqlalchemy import select

from app import clock
from app.db import scoped, system
from app.errors import Conflict
from app.models.payouts import PayoutSettings
from app.models.shops import Shop, ShopStatus
from app.payouts import invoices, service


def list_monthly() -> list[int]:
    """Shops that invoice every month."""
    query = (
        select(PayoutSettings.shop_id)
        .join(Shop, Shop.id == PayoutSettings.shop_id)
        .where(PayoutSettings.invoice_monthly, Shop.status == ShopStatus.INSTALLED)
    )
    with system() as session:
        return list(session.scalars(query))


def issue_if_due(shop_id: int) -> int:
    """Issue what was charged before this month began. Returns how many papers; none when that was done already."""
    with scoped(shop_id) as session:
        service.lock(session, shop_id)
        shop = session.get_one(Shop, shop_id)
        held = session.get_one(PayoutSettings, shop_id, populate_existing=True)
        due = clock.today(shop.timezone).replace(day=1)
        if held.invoiced_until is not None and held.invoiced_until >= due:
            return 0
        held.invoiced_until = due
        session.flush()
        try:
            with session.begin_nested():
                return invoices.issue(session, shop, until=due, actor="schedule")
        except Conflict:
            return 0  # nothing was charged in that month
