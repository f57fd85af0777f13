"""What the home page needs to know of one vendor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.ledger.queries import Balances, vendor_balances
from app.models.messages import OrderThread
from app.models.orders import VendorOrder
from app.models.payouts import Payout, PayoutState
from app.models.products import Product, ProductStatus, Variant, is_on_sale
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.money import Money
from app.orders.packed import is_to_pack
from app.orders.queries import WAITING, count_waiting, sales_by_day
from app.orders.senders import is_collected
from app.portal.rules import Facts
from app.products.queries import count_by_status
from app.questions.queries import count_open as count_asked
from app.vendors.questions import count_open
from app.vendors.replaced import list_replaced

_UNDER_WAY: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Earnings:
    """What the books say of a vendor: the balances, and what each of the last 30 days brought."""

    balances: Balances
    days: Sequence[tuple[date, Money]]

    @property
    def total(self) -> Money:
        return Money(sum(amount.minor for _, amount in self.days), self.balances.currency)

    @property
    def is_begun(self) -> bool:
        """Whether there is anything to show yet."""
        return bool(self.balances.total) or any(amount for _, amount in self.days)


def get_earnings(session: Session, shop: Shop, vendor: Vendor) -> Earnings:
    """In the shop's currency, days in the shop's time zone."""
    return Earnings(
        vendor_balances(session, shop.id, shop.currency, vendor.id),
        sales_by_day(session, vendor.id, shop.currency, shop.timezone),
    )


def find_on_its_way(session: Session, vendor_id: int) -> Payout | None:
    """The newest payout that was approved and may not have arrived: a bank says nothing, so after a week it has."""
    sent = (Payout.state == PayoutState.SENT) & (Payout.sent_at > clock.now() - _UNDER_WAY)
    under_way = Payout.state.in_((PayoutState.APPROVED, PayoutState.SENDING)) | sent
    query = select(Payout).where(Payout.vendor_id == vendor_id, under_way)
    return session.scalar(query.order_by(Payout.id.desc()).limit(1))


def get_facts(session: Session, vendor: Vendor) -> Facts:
    """Counts and yes-or-no for `rules.list_tasks` and `rules.list_steps`."""
    by_status = count_by_status(session, vendor.shop_id, vendor.id)
    messages = select(func.count(), func.min(OrderThread.part_id))
    threads, part = session.execute(messages.where(OrderThread.vendor_id == vendor.id, OrderThread.unread > 0)).one()
    return Facts(
        status=vendor.status,
        terms_accepted=has_accepted_terms(vendor, session.get(ShopSettings, vendor.shop_id)),
        has_profile=bool(vendor.tagline and vendor.about),
        has_payout_details=vendor.payout_account is not None,
        orders_to_ship=count_waiting(session, vendor.id),
        days_waiting=count_days_waiting(session, vendor.id),
        changes_requested=by_status.get(ProductStatus.CHANGES_REQUESTED, 0),
        drafts=by_status.get(ProductStatus.DRAFT, 0),
        in_review=by_status.get(ProductStatus.SUBMITTED, 0) + by_status.get(ProductStatus.IN_REVIEW, 0),
        published=by_status.get(ProductStatus.PUBLISHED, 0),
        sold_out=count_sold_out(session, vendor.id),
        taken_down=by_status.get("taken_down", 0),
        questions_open=count_open(session, vendor),
        new_messages=threads,
        message_part=part or 0,
        customer_questions=count_asked(session, vendor.id),
        words_replaced=len(list_replaced(session, vendor)),
        is_collected=is_collected(session, vendor),
    )


def has_accepted_terms(vendor: Vendor, settings: ShopSettings | None) -> bool | None:
    """Whether the current version was accepted; None when the shop has no terms."""
    if settings is None or not settings.terms_text.strip():
        return None
    return vendor.terms_accepted_at is not None and vendor.terms_version == settings.terms_version


def count_days_waiting(session: Session, vendor_id: int) -> int:
    """Whole days since the oldest order that is still to be sent was placed."""
    oldest = session.scalar(
        select(func.min(VendorOrder.ordered_at)).where(
            VendorOrder.vendor_id == vendor_id, VendorOrder.status.in_(WAITING), is_to_pack()
        )
    )
    return (clock.now() - oldest).days if oldest else 0


def count_sold_out(session: Session, vendor_id: int) -> int:
    """Products on sale of which nothing is left."""
    left = (select(Variant.product_id).where(Variant.vendor_id == vendor_id).group_by(Variant.product_id)).having(
        func.sum(Variant.stock) <= 0
    )
    query = select(func.count()).where(Product.vendor_id == vendor_id, is_on_sale(), Product.id.in_(left))
    return session.scalar(query) or 0
