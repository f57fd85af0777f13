"""The pixel in the shop: given its settings once, found again, and said so when Shopify refuses."""

import json
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import select, update

from app import clock, db
from app.journey import pixel
from app.models.journey import WebPixel
from app.models.shops import Shop
from app.shopify.tokens import ShopCredentials
from tests.shopify.fake import FakeShopify, data

ONE, TWO = "gid://shopify/WebPixel/1", "gid://shopify/WebPixel/2"


def done(gid: str) -> dict[str, Any]:
    return {"webPixel": {"id": gid}, "userErrors": []}


def refused(code: str) -> dict[str, Any]:
    return {"webPixel": None, "userErrors": [{"field": None, "message": "No.", "code": code}]}


def held(shop: Shop) -> WebPixel:
    with db.scoped(shop.id) as session:
        return session.scalars(select(WebPixel)).one()


def test_shopify_is_given_a_ticket_that_the_intake_reads(
    shopify: FakeShopify, connected: ShopCredentials, acme: Shop
) -> None:
    shopify.answer("webPixelCreate", data(webPixelCreate=done(ONE)))
    with db.system() as session:
        assert pixel.list_unchecked(session) == [acme.id]
    pixel.ensure(acme.id)
    (_, said, _) = shopify.asked[-1]
    settings = json.loads(said["settings"])
    assert set(settings) == {"account", "endpoint"}
    assert pixel.read_account(settings["account"]) == acme.id
    assert (held(acme).pixel_gid, held(acme).settings, held(acme).error) == (ONE, settings, None)
    with db.system() as session:
        assert pixel.list_unchecked(session) == []


def test_looking_again_keeps_the_ticket(shopify: FakeShopify, connected: ShopCredentials, acme: Shop) -> None:
    shopify.answer("webPixelCreate", data(webPixelCreate=done(ONE)))
    shopify.answer("webPixelUpdate", data(webPixelUpdate=done(ONE)))
    pixel.ensure(acme.id)
    before = held(acme).settings
    pixel.ensure(acme.id)
    assert shopify.names() == ["webPixelCreate", "webPixelUpdate"]
    assert held(acme).settings == before


def test_a_ticket_that_runs_out_soon_or_that_no_key_of_ours_signed_is_replaced(
    shopify: FakeShopify, connected: ShopCredentials, acme: Shop
) -> None:
    shopify.answer("webPixelCreate", data(webPixelCreate=done(ONE)))
    shopify.answer("webPixelUpdate", data(webPixelUpdate=done(ONE)))
    pixel.ensure(acme.id)
    before = held(acme).settings
    forged = {**before, "account": before["account"][:-4] + "AAAA"}
    with db.scoped(acme.id) as session:
        session.execute(update(WebPixel).values(settings=forged))
    pixel.ensure(acme.id)
    assert pixel.read_account(held(acme).settings["account"]) == acme.id


def test_a_pixel_whose_number_we_never_learnt_is_found(
    shopify: FakeShopify, connected: ShopCredentials, acme: Shop
) -> None:
    shopify.answer("webPixelCreate", data(webPixelCreate=refused("TAKEN")))
    shopify.answer("webPixel", data(webPixel={"id": TWO}))
    shopify.answer("webPixelUpdate", data(webPixelUpdate=done(TWO)))
    pixel.ensure(acme.id)
    assert held(acme).pixel_gid == TWO


def test_after_an_uninstall_a_new_one_is_made(shopify: FakeShopify, connected: ShopCredentials, acme: Shop) -> None:
    shopify.answer("webPixelCreate", data(webPixelCreate=done(ONE)), data(webPixelCreate=done(TWO)))
    shopify.answer("webPixelUpdate", data(webPixelUpdate=refused("NOT_FOUND")))
    pixel.ensure(acme.id)
    pixel.ensure(acme.id)
    assert held(acme).pixel_gid == TWO


def test_a_refusal_is_kept_for_the_merchant_and_asked_again_in_half_a_day(
    shopify: FakeShopify, connected: ShopCredentials, acme: Shop
) -> None:
    denied = {"message": "Access denied: write_pixels", "extensions": {"code": "ACCESS_DENIED"}}
    shopify.answer("webPixelCreate", httpx.Response(200, json={"errors": [denied]}))
    pixel.ensure(acme.id)
    assert "write_pixels" in str(held(acme).error)
    with db.system() as session:
        assert pixel.list_unchecked(session) == []
        session.execute(update(WebPixel).values(checked_at=clock.now() - timedelta(hours=13)))
        assert pixel.list_unchecked(session) == [acme.id]
