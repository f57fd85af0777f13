"""Applying, and applying again."""

import pytest
from sqlalchemy import func, select, update

from app import db
from app.models.emails import Email
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor, VendorStatus
from app.shopify.tokens import ShopCredentials
from app.vendors import service
from app.vendors.service import Application
from tests.apps import get_app
from tests.conftest import make_vendor
from tests.shopify.fake import FakeShopify, data
from tests.shopify.signing import sign_proxy

ADA = Application("Ada's Ceramics", "ada@example.com", contact_name="Ada", what_they_sell="Bowls")
FORM = {"name": "Ada's Ceramics", "contact_name": "Ada", "email": "ada@example.com", "what_they_sell": "Bowls"}


def apply_at(shop: Shop) -> Vendor | None:
    with db.scoped(shop.id) as session:
        return service.apply(session, session.get_one(Shop, shop.id), ADA)


def approve_everybody(shop: Shop) -> None:
    with db.scoped(shop.id) as session:
        session.execute(update(ShopSettings).values(auto_approve_vendors=True))


def test_a_newcomer_is_approved_where_the_shop_approves_everybody(acme: Shop) -> None:
    approve_everybody(acme)
    vendor = apply_at(acme)
    assert vendor is not None
    assert vendor.status is VendorStatus.APPROVED


@pytest.mark.parametrize("status", [VendorStatus.REJECTED, VendorStatus.CLOSED])
def test_who_was_turned_away_waits_for_a_person_even_there(acme: Shop, status: VendorStatus) -> None:
    approve_everybody(acme)
    make_vendor(acme, ADA.name, ADA.email, status)
    vendor = apply_at(acme)
    assert vendor is not None
    assert vendor.status is VendorStatus.PENDING
    with db.scoped(acme.id) as session:
        assert session.scalar(select(func.count()).where(Email.kind == "merchant_new_application")) == 1


def test_a_flood_of_applications_is_stopped_before_shopify_and_the_mail(
    connected: ShopCredentials, shopify: FakeShopify
) -> None:
    shopify.answer("metaobjects", data(metaobjects={"nodes": []}))
    browser = get_app().test_client()
    statuses = []
    for number in range(62):
        form = {**FORM, "name": f"Shop {number}", "email": f"somebody{number}@example.com"}
        visitor = {"X-Forwarded-For": f"198.51.100.{number % 8}"}
        statuses.append(browser.post(f"/proxy/apply?{sign_proxy()}", json=form, headers=visitor).status_code)
    assert statuses == [200] * 60 + [429] * 2
    with db.system() as session:
        assert session.scalar(select(func.count()).select_from(Vendor)) == 60


def test_one_visitors_flood_of_applications_keeps_nobody_else_out(
    connected: ShopCredentials, shopify: FakeShopify
) -> None:
    shopify.answer("metaobjects", data(metaobjects={"nodes": []}))
    browser = get_app().test_client()

    def apply(number: int, address: str) -> int:
        form = {**FORM, "name": f"Shop {number}", "email": f"somebody{number}@example.com"}
        # What the visitor claims, what Shopify wrote, and what our own proxy did.
        headers = {"X-Forwarded-For": f"203.0.113.{number}, {address}, 23.227.38.1"}
        return browser.post(f"/proxy/apply?{sign_proxy()}", json=form, headers=headers).status_code

    flood = [apply(number, "198.51.100.1") for number in range(70)]
    assert flood == [200] * 10 + [429] * 60
    assert apply(70, "198.51.100.2") == 200
