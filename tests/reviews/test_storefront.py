"""Reviews on the vendor's page in the shop: read by everybody, written by who is signed in and bought."""

import json
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.models.reviews import VendorReview
from app.models.vendors import Vendor, VendorStatus
from app.reviews import service
from devstore.store import Doc
from tests.reviews.conftest import Street
from tests.shopify.signing import sign_proxy

ADA = "adas-ceramics"


def ask(browser: FlaskClient, path: str, customer: str = "", **params: Any) -> Any:
    query = sign_proxy(logged_in_customer_id=customer, **params)
    return browser.get(f"/proxy/{path}?{query}", headers={"Accept": "application/json"})


def send(browser: FlaskClient, customer: str, **review: Any) -> Any:
    query = sign_proxy(logged_in_customer_id=customer)
    body = {"vendor": ADA, "stars": 5, "words": "Good", **review}
    return browser.post(f"/proxy/reviews?{query}", json=body)


def arrived(street: Street) -> Doc:
    order = street.buy()
    street.send(order)
    street.arrive(order)
    return order


def test_who_bought_writes_about_the_order_that_arrived_and_once(
    street: Street, ada: Vendor, browser: FlaskClient
) -> None:
    order = arrived(street)
    cleo = str(order["customer_id"])
    mine = ask(browser, "reviews/mine", cleo, vendor=ADA).json
    assert [(one["name"], one["items"]) for one in mine["orders"]] == [(order["name"], ["Mug"])]
    assert mine["name"] == "Cleo C."
    refused = send(browser, cleo, stars=6)
    assert (refused.status_code, "stars" in refused.json["errors"]) == (422, True)
    assert send(browser, cleo, order=mine["orders"][0]["id"]).json == {"ok": True, "published": False}
    assert ask(browser, "reviews/mine", cleo, vendor=ADA).json["orders"] == []
    assert send(browser, cleo).status_code == 404


def test_nobody_else_writes_about_it(street: Street, ada: Vendor, browser: FlaskClient) -> None:
    order = arrived(street)
    part = street.part(ada)
    for customer in ("", "1", str(order["customer_id"] + 1)):
        assert ask(browser, "reviews/mine", customer, vendor=ADA).json["orders"] == []
        assert send(browser, customer, order=part.id).status_code == 404
    form = browser.post(
        f"/proxy/reviews?{sign_proxy(logged_in_customer_id=str(order['customer_id']))}",
        data={"vendor": ADA, "stars": "5"},
    )
    assert form.status_code == 400
    with db.scoped(street.shop.id) as session:
        assert session.scalars(select(VendorReview)).all() == []


def test_nonsense_is_no_review(street: Street, ada: Vendor, browser: FlaskClient) -> None:
    cleo = str(arrived(street)["customer_id"])
    stars: Any
    for stars in (True, "5", None, 2.5, [], 0):
        assert send(browser, cleo, stars=stars).status_code == 422
    order: Any
    for order in ([], {}, "x", 2**70, -1):
        assert send(browser, cleo, order=order).status_code == 404
    vendor: Any
    for vendor in ("\ud800", "a\0b", [], None):
        assert send(browser, cleo, vendor=vendor).status_code == 404
    assert send(browser, cleo, words="a\0b" * 10, title=["x"]).status_code == 200
    with db.scoped(street.shop.id) as session:
        review = session.scalars(select(VendorReview)).one()
    assert (review.words, review.title) == ("ab" * 10, "")


def test_more_reviews_than_the_page_holds_are_read_in_parts(street: Street, ada: Vendor, browser: FlaskClient) -> None:
    review = street.write(street.arrived(ada))
    assert ask(browser, "reviews.json", vendor=ADA).json == {"next": None, "reviews": []}
    with db.scoped(street.shop.id) as session:
        service.publish(session, street.shop.id, review.id, actor="staff:1")
    (shown,) = ask(browser, "reviews.json", vendor=ADA).json["reviews"]
    assert shown["name"] == "Cleo C."
    assert "customer" not in json.dumps(shown)
    assert ask(browser, "reviews.json", vendor=ADA, **{"from": "1"}).json["reviews"] == []
    assert ask(browser, "reviews.json", vendor="\0").status_code == 404
    with db.scoped(street.shop.id) as session:
        session.get_one(Vendor, ada.id).status = VendorStatus.SUSPENDED
    assert ask(browser, "reviews.json", vendor=ADA).status_code == 404
