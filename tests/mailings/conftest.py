"""Customers of Acme who choose e-mails, and what of the shop speaks to them."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock, db
from app.emails import service as emails
from app.mailings import sending
from app.models.emails import Email
from app.models.mailings import MailConsent, MailingSettings, MailSubscriber
from app.models.orders import Order
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from tests.apps import get_app
from tests.reviews.conftest import browser, merchant
from tests.shopify.signing import sign_proxy
from tests.storefront.conftest import CLEO, DAN, Storefront, item, storefront

__all__ = ["CLEO", "DAN", "browser", "merchant", "storefront"]
ALL = ["vendors", "wishlist", "cart"]
SENDER = "Acme Ltd\n1 Market Street"


@dataclass
class Desk:
    """Everybody's way to these e-mails."""

    client: FlaskClient
    storefront: Storefront
    shop: Shop

    def offer(self, **rest: Any) -> None:
        with db.scoped(self.shop.id) as session:
            on = dict.fromkeys(ALL, True) | {"postal_address": SENDER, "vendors_every_days": 1} | rest
            session.merge(MailingSettings(shop_id=self.shop.id, **on))

    def choice(self, customer: str = CLEO, shop: str = "acme") -> Any:
        query = sign_proxy(f"{shop}.myshopify.com", logged_in_customer_id=customer)
        return self.client.get(f"/proxy/mails.json?{query}", headers={"Accept": "application/json"}).json

    def choose(self, *topics: str, customer: str = CLEO, email: str = "cleo@example.com", **rest: Any) -> Any:
        body = {"topics": topics, "email": email, "locale": "en", "page": "/pages/wishlist", "wording": "1 en", **rest}
        query = sign_proxy("acme.myshopify.com", logged_in_customer_id=customer)
        return self.client.post(f"/proxy/mails?{query}", json=body)

    def confirm(self) -> None:
        link = link_in(self.mails("customer_mails_confirm")[-1])
        assert self.client.get(link).status_code == 200
        assert self.client.post(link).status_code == 303

    def open_last_link(self, then: str) -> TestResponse:
        """The page that is shown after a button of the last link's was pressed."""
        link = link_in(self.mails("customer_mails_confirm")[-1])
        return self.client.post(link + then, follow_redirects=True)

    def subscribe(self, *topics: str, **rest: Any) -> None:
        assert self.choose(*(topics or ALL), **rest).json == {"ok": True, "confirm": True}
        self.confirm()

    def keep(self, kind: str, key: str, value: Any, customer: str = CLEO) -> None:
        self.storefront.send(item(kind, key, value), customer=customer)

    def buy(self, **more: Any) -> None:
        """Cleo orders something now."""
        now = clock.now()
        rest = {"snapshot": {}, "snapshot_updated_at": now, "terms": {}, "total_minor": 1, "currency": "USD", **more}
        bought = {"name": "#1", "shopify_id": 1, "ordered_at": now, "shopify_customer_id": int(CLEO)}
        with db.scoped(self.shop.id) as session:
            session.add(Order(shop_id=self.shop.id, **bought, **rest))

    def pass_time(self, **time: float) -> int:
        """What happened so far is longer ago; returns at how many lists somebody looked."""
        ago = timedelta(**time)
        dates = (MailSubscriber.next_look_at, MailSubscriber.vendors_at, MailSubscriber.wishlist_at)
        with db.system() as session:
            session.execute(update(MailSubscriber).values({date: date - ago for date in dates}))
            session.execute(update(MailSubscriber).values(cart_at=MailSubscriber.cart_at - ago))
            session.execute(update(Product).values(published_at=Product.published_at - ago))
        return sending.look_where_due()

    def age(self, **time: float) -> None:
        """All that was chosen and stopped is longer ago."""
        ago = timedelta(**time)
        with db.system() as session:
            session.execute(update(MailConsent).values(created_at=MailConsent.created_at - ago))
            stopped = {"stopped_at": MailSubscriber.stopped_at - ago}
            session.execute(update(MailSubscriber).values(created_at=MailSubscriber.created_at - ago, **stopped))

    def mails(self, kind: str = "") -> list[Email]:
        with db.system() as session:
            query = select(Email).where(Email.kind == kind if kind else Email.kind.like("customer_%"))
            return list(session.scalars(query.order_by(Email.id)))

    def subscriber(self) -> MailSubscriber:
        with db.system() as session:
            return session.scalars(select(MailSubscriber)).one()

    def steps(self) -> list[tuple[str, list[str], str, str]]:
        with db.system() as session:
            rows = session.scalars(select(MailConsent).order_by(MailConsent.id))
            return [(row.step.value, row.topics, row.email, row.place) for row in rows]


def link_in(mail: Email) -> str:
    found = re.search(r"/letters/(?:confirm|stop)/[\w.-]+", mail.text_body)
    assert found, mail.text_body
    return found[0]


def make_product(vendor: Vendor, title: str, number: int, *, minor: int = 1000, stock: int = 5) -> None:
    """On sale since now."""
    with db.scoped(vendor.shop_id) as session:
        ours = {"shop_id": vendor.shop_id, "vendor_id": vendor.id}
        product = Product(
            **ours,
            title=title,
            handle=title.lower(),
            shopify_gid=f"gid://shopify/Product/{number}",
            status=ProductStatus.PUBLISHED,
            shopify_status="ACTIVE",
            published_at=clock.now(),
        )
        session.add(product)
        session.flush()
        price = {"price_minor": minor, "currency": "USD"}
        session.add(Variant(**ours, product_id=product.id, stock=stock, shopify_gid=f"v{number}", **price))


def change(shop: Shop, number: int, **values: Any) -> None:
    with db.scoped(shop.id) as session:
        session.execute(update(Variant).where(Variant.shopify_gid == f"v{number}").values(values))


def send_all() -> None:
    with db.system() as session:
        waiting = session.execute(select(Email.shop_id, Email.id).where(Email.status == "queued")).all()
    for shop_id, email_id in waiting:
        emails.send(shop_id, email_id)


@pytest.fixture
def desk(acme: Shop, storefront: Storefront) -> Desk:
    client = get_app().test_client()
    made = Desk(client, storefront, acme)
    made.offer()
    return made
