"""What a preview speaks of: the shop's newest vendor, product, order and payout; no customer's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.config import get_config
from app.emails.kinds import KINDS
from app.emails.render import Leaving
from app.languages import lazy
from app.models.mailings import MailingSettings
from app.models.orders import Order, OrderLine, VendorOrder
from app.models.payouts import Payout
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.money import Money

_MUGS: Final = [{"quantity": 2, "title": "Stoneware mug"}]
_SOLD: Final = {
    "product_title": "Stoneware mug",
    "order_name": "#1001",
    "item_count": 2,
    "lines": _MUGS,
    "vendors": [{"name": "Ada's Ceramics", "lines": _MUGS}],
    "carrier": "DHL",
    "tracking_number": "00340434161094042557",
    "place": "Shelf 3, back door",
}
_PEOPLE_SAY: Final = {
    "vendor_name": "Ada's Ceramics",
    "customer_name": "Carla",
    "customer": "customer 207119551",
    "inviter": "Ada",
    "email": "ada@example.com",
    "tagline": "Made by hand",
    "note": "We saw your mugs at the market and would love to have them here.",
    "role": lazy("Orders"),
    "reason": "The pictures are too small to see the glaze.",
    "bank_reason": lazy("the product did not arrive"),
    "message": "Is the glaze safe for the dishwasher?",
    "change": lazy("“%(name)s” was added as a second step", name="Phone"),
    "stars": lazy("%(stars)s of 5 stars", stars=5),
    "review": "Even finer than in the picture",
    "answer": "Thank you. The next kiln is fired in May.",
    "question": "Is the mug safe for the dishwasher?",
    "choices": [lazy("What vendors I follow put on sale"), lazy("What on my wishlist is back in stock or cheaper")],
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A context for a kind, and which of its placeholders hold an example because the shop has nothing like it yet."""

    context: Mapping[str, Any]
    examples: frozenset[str]
    leaving: Leaving | None = None


def make_sample(session: Session, shop: Shop, kind: str) -> Sample:
    real = _about_vendor(session, shop) | _about_product(session, shop) | _about_order(session, shop)
    real |= _about_payout(session, shop)
    made_up, needs = _examples(shop), KINDS[kind].needs
    if KINDS[kind].topic in {"vendors", "wishlist"}:
        real = _about_offer(session, shop)
        made_up |= _offered("Stoneware mug", Money(2500, shop.currency), "Ada's Ceramics")
    context = {name: real.get(name, made_up[name]) for name in needs}
    leaving = _leaving(session, shop) if KINDS[kind].topic else None
    return Sample(context, frozenset(needs) - frozenset(real) - {"link", "tracking_url"}, leaving)


def _leaving(session: Session, shop: Shop) -> Leaving:
    """The link leads to the shop: a preview must not hold a key."""
    settings = session.get(MailingSettings, shop.id)
    sender = (settings.postal_address if settings else "") or f"{shop.name}, 1 Market Street, 97201 Portland"
    return Leaving(get_config().storefront_url(shop.domain, shop.primary_host), sender)


def _about_vendor(session: Session, shop: Shop) -> dict[str, Any]:
    vendor = session.scalar(select(Vendor).where(Vendor.shop_id == shop.id).order_by(Vendor.id.desc()).limit(1))
    if vendor is None:
        return {}
    return {"vendor_name": vendor.name, "email": vendor.email, "tagline": vendor.tagline}


def _about_product(session: Session, shop: Shop) -> dict[str, Any]:
    query = select(Product.title).where(Product.shop_id == shop.id).order_by(Product.id.desc())
    title = session.scalar(query.limit(1))
    return {"product_title": title} if title else {}


def _about_order(session: Session, shop: Shop) -> dict[str, Any]:
    query = (
        select(VendorOrder, Order, Vendor.name)
        .join(Order, Order.id == VendorOrder.order_id)
        .join(Vendor, Vendor.id == VendorOrder.vendor_id)
        .where(VendorOrder.shop_id == shop.id)
        .order_by(VendorOrder.id.desc())
    )
    found = session.execute(query.limit(1)).one_or_none()
    if found is None:
        return {}
    part, order, vendor_name = found
    sold = select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.vendor_id == part.vendor_id)
    mine = session.scalars(sold.order_by(OrderLine.id)).all()
    lines = [{"quantity": line.quantity, "title": line.title} for line in mine]
    return {
        "vendor_name": vendor_name,
        "order_name": order.name,
        "lines": lines,
        "item_count": sum(line.quantity for line in mine),
        "vendors": [{"name": vendor_name, "lines": lines}],
        "earnings": part.earned,
        "total": Money(order.total_minor, order.currency),
    }


def _about_offer(session: Session, shop: Shop) -> dict[str, Any]:
    """The newest product on sale, with its price."""
    query = (
        select(Product.title, Variant, Vendor.name)
        .join(Variant, Variant.product_id == Product.id)
        .join(Vendor, Vendor.id == Product.vendor_id)
        .where(Product.shop_id == shop.id, Product.status == ProductStatus.PUBLISHED)
        .order_by(Product.id.desc(), Variant.price_minor)
    )
    found = session.execute(query.limit(1)).one_or_none()
    return _offered(found[0], found[1].price, found[2]) if found else {}


def _offered(title: str, price: Money, vendor_name: str) -> dict[str, Any]:
    lines = [{"title": title, "price": price}]
    return {"lines": lines, "vendors": [{"name": vendor_name, "lines": lines}]}


def _about_payout(session: Session, shop: Shop) -> dict[str, Any]:
    query = select(Payout).where(Payout.shop_id == shop.id).order_by(Payout.id.desc())
    payout = session.scalar(query.limit(1))
    if payout is None:
        return {}
    return {
        "amount": payout.amount,
        "reference": payout.reference,
        "destination": _account(payout.last4),
    }


def _account(last4: str) -> str:
    return lazy("your account ending in %(shown)s", shown=last4)


def _examples(shop: Shop) -> dict[str, Any]:
    """Links lead to the sign-in page: a preview must not hold a key."""
    sign_in = f"{get_config().portal_url}/portal/login?shop={shop.domain}"
    return {
        **_PEOPLE_SAY,
        **_SOLD,
        "link": sign_in,
        "link_lasts": timedelta(minutes=15),
        "hold_hours": 72,
        "days": 30,
        "due": clock.now().date() + timedelta(days=10),
        "tracking_url": sign_in,
        "destination": _account("3000"),
        "earnings": Money(4500, shop.currency),
        "total": Money(5000, shop.currency),
        "amount": Money(4500, shop.currency),
        "reference": "PO-1-1",
        "count": 2,
        "pickup_count": 2,
        "differences": ["#1001: Paid less returned is 52.00 in Shopify and 50.00 in the books."],
    }
