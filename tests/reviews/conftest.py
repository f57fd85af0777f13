"""A customer who bought from Ada and Bea, parcels that arrive, and everybody's door."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import db
from app.models.emails import Email
from app.models.orders import VendorOrder
from app.models.reviews import ReviewRequest, VendorReview
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.reviews import requests, service
from app.reviews.rules import Draft
from app.shopify import definitions
from app.shopify.tokens import ShopCredentials
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.shipments import add_event
from devstore.store import Doc, Store
from tests.apps import get_app
from tests.devstore.orders.cast import ACME, buy
from tests.privacy.conftest import Office, goods, office, post, store
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import sign_id_token

__all__ = ["goods", "office", "post", "store"]


@dataclass
class Street:
    """What happens to an order on its way, and who reads what."""

    office: Office
    store: Store
    goods: SimpleNamespace
    shop: Shop
    parcels: dict[int, list[Doc]] = field(default_factory=dict)

    def buy(self, *wanted: tuple[Doc, int], **rest: Any) -> Doc:
        order = buy(self.store, *(wanted or ((self.goods.mug, 1), (self.goods.loaf, 1))), **rest)
        self.office.bring()
        return order

    def send(self, order: Doc, *skus: str) -> None:
        wanted = {line["id"]: line["quantity"] for line in order["line_items"] if not skus or line["sku"] in skus}
        self.parcels.setdefault(order["id"], []).extend(fulfil_lines(self.store, ACME, order["id"], wanted))
        self.office.bring()

    def arrive(self, order: Doc) -> None:
        for parcel in self.parcels[order["id"]]:
            add_event(self.store, ACME, parcel["id"], "delivered")
        self.office.bring()

    def days_pass(self, days: int) -> int:
        """Every date of a request moves back; returns how many customers are asked."""
        with db.system() as session:
            session.execute(update(ReviewRequest).values(due_at=ReviewRequest.due_at - timedelta(days=days)))
        return requests.ask_where_due()

    def mails(self, kind: str = "customer_review_request") -> list[Email]:
        with db.system() as session:
            return list(session.scalars(select(Email).where(Email.kind == kind).order_by(Email.id)))

    def part(self, vendor: Vendor) -> VendorOrder:
        """The newest order's part of the vendor."""
        with db.scoped(self.shop.id) as session:
            query = select(VendorOrder).where(VendorOrder.vendor_id == vendor.id).order_by(VendorOrder.id.desc())
            return session.scalars(query).first()  # type: ignore[return-value]

    def arrived(self, vendor: Vendor, **rest: Any) -> VendorOrder:
        order = self.buy(**rest)
        self.send(order)
        self.arrive(order)
        return self.part(vendor)

    def write(self, part: VendorOrder, stars: int = 5, words: str = "Even finer than in the picture") -> VendorReview:
        with db.scoped(self.shop.id) as session:
            return service.write(session, part, Draft(stars, "Fine", words, "Cleo C."))

    def review(self, review_id: int) -> VendorReview:
        with db.scoped(self.shop.id) as session:
            return session.get_one(VendorReview, review_id)

    def vendor(self, vendor: Vendor) -> Vendor:
        with db.scoped(self.shop.id) as session:
            return session.get_one(Vendor, vendor.id)


def link_in(mail: Email) -> str:
    found = re.search(r"/letters/review/[\w.-]+", mail.text_body)
    assert found, mail.text_body
    return found[0]


@pytest.fixture
def street(office: Office, store: Store, goods: SimpleNamespace, acme: Shop) -> Street:
    return Street(office, store, goods, acme)


@pytest.fixture
def browser(database: str) -> FlaskClient:
    """A customer's, who has nothing but the e-mail."""
    client = get_app().test_client()
    client.environ_base |= {"HTTP_ACCEPT": "text/html"}
    return client


@pytest.fixture
def merchant(acme: Shop, connected: ShopCredentials, shopify: FakeShopify) -> FlaskClient:
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).definitions_version = definitions.VERSION
    client = get_app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {sign_id_token()}"
    return client
