"""From the storefront into the portal, with requests signed as Shopify signs them."""

import base64
import hashlib
import hmac
import json
import re
import time
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock, db
from app.config import get_config
from app.models.events import AuditEntry
from app.models.shops import Shop
from app.models.vendors import MagicLink, Vendor, VendorUser
from tests.portal.conftest import signed_in


def ask_storefront(app: Flask, shop: Shop, customer: str, **extra: str) -> str:
    """What a customer's browser gets from the shop's /a/market/portal."""
    query = {
        "shop": shop.domain,
        "path_prefix": "/a/market",
        "timestamp": str(int(time.time())),
        "logged_in_customer_id": customer,
        **extra,
    }
    message = "".join(f"{key}={query[key]}" for key in sorted(query))
    secret = get_config().shopify_api_secret.encode()
    query["signature"] = hmac.new(secret, message.encode(), hashlib.sha256).hexdigest()
    answer = app.test_client().get(f"/proxy/portal?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return answer.text


def address_in(page: str) -> str:
    found = re.search(r'<a href="http://[^/]+(/portal/[^"]+)"', page)
    assert found, page
    return found[1]


def connect(vendor: Vendor, customer_id: int) -> None:
    with db.scoped(vendor.shop_id) as session:
        user = select(VendorUser.id).where(VendorUser.vendor_id == vendor.id).order_by(VendorUser.id).limit(1)
        connected = {"shopify_customer_id": customer_id, "customer_user_id": user.scalar_subquery()}
        session.execute(update(Vendor).where(Vendor.id == vendor.id).values(connected))


def come_in(browser: FlaskClient, arrival: str, **headers: str) -> TestResponse:
    """Press the button of the page that a ticket leads to."""
    return browser.post(arrival, headers={"Sec-Fetch-Site": "same-origin", **headers})


def test_a_connected_customer_account_opens_the_portal(
    app: Flask, browser: FlaskClient, acme: Shop, ada: Vendor
) -> None:
    connect(ada, 77)
    arrival = address_in(ask_storefront(app, acme, "77"))
    page = browser.get(arrival)
    assert "You are signing in for" in page.text
    assert "Set-Cookie" not in page.headers, "who only follows a link is signed in nowhere"
    assert come_in(browser, arrival).headers["Location"] == "/portal"
    assert "Ada&#39;s Ceramics" in browser.get("/portal").text
    with db.scoped(acme.id) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "portal.sign_in")).one()
    assert entry.reason == "storefront"


def test_who_is_signed_in_already_is_not_asked_again_but_another_is(
    app: Flask, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    connect(ada, 77)
    adas_browser, beas_browser = signed_in(app, ada), signed_in(app, bea)
    arrival = address_in(ask_storefront(app, acme, "77"))
    assert adas_browser.get(arrival).headers["Location"] == "/portal"
    assert "You are signing in for" in beas_browser.get(arrival).text


def test_what_stands_in_a_ticket_opens_no_other_place_of_the_person(
    app: Flask, browser: FlaskClient, acme: Shop, ada: Vendor
) -> None:
    connect(ada, 77)
    ticket = address_in(ask_storefront(app, acme, "77")).rpartition("/")[2].partition("?")[0]
    body = ticket.partition(".")[0]
    inside = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert browser.get(f"/portal/enter/{inside['token']}").status_code == 410
    assert come_in(browser, f"/portal/enter/{inside['token']}").status_code == 410
    assert come_in(browser, f"/portal/arrive/{ticket}").headers["Location"] == "/portal"


def test_a_ticket_from_the_storefront_works_once_and_for_a_minute(
    app: Flask, browser: FlaskClient, acme: Shop, ada: Vendor
) -> None:
    connect(ada, 77)
    arrival = address_in(ask_storefront(app, acme, "77"))
    assert come_in(browser, arrival).status_code == 303
    assert app.test_client().get(arrival).status_code == 410
    assert come_in(app.test_client(), arrival).status_code == 410
    late = address_in(ask_storefront(app, acme, "77"))
    with db.system() as session:
        session.execute(update(MagicLink).where(MagicLink.used_at.is_(None)).values(expires_at=clock.now()))
    assert "Go back to the shop and open it again." in come_in(app.test_client(), late).text
    framed = app.test_client().get(late, headers={"Sec-Fetch-Dest": "iframe"})
    assert (framed.status_code, "Reload this page and try again." in framed.text) == (410, True)


def test_a_link_that_is_used_meanwhile_does_not_close_the_door_of_the_storefront(
    app: Flask, browser: FlaskClient, acme: Shop, ada: Vendor
) -> None:
    connect(ada, 77)
    arrival = address_in(ask_storefront(app, acme, "77"))
    signed_in(app, ada)
    assert come_in(browser, arrival).headers["Location"] == "/portal"


def test_another_sites_page_signs_nobody_in_with_its_own_ticket(app: Flask, acme: Shop, ada: Vendor) -> None:
    connect(ada, 77)
    arrival = address_in(ask_storefront(app, acme, "77"))
    victim = app.test_client()
    assert victim.post(arrival, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert victim.get("/portal").status_code == 303


def test_the_customer_account_opens_the_place_of_the_person_who_connected_it(
    app: Flask, browser: FlaskClient, acme: Shop, ada: Vendor
) -> None:
    with db.scoped(acme.id) as session:
        session.add(VendorUser(shop_id=acme.id, vendor_id=ada.id, email="paul@example.com", name="Paul", role="owner"))
    paul = signed_in(app, ada, "paul@example.com")
    back = address_in(ask_storefront(app, acme, "88", connect=connect_ticket(paul)))
    assert paul.post(back).status_code == 303
    assert "Welcome, Paul" in browser.get(address_in(ask_storefront(app, acme, "88"))).text
    with db.scoped(acme.id) as session:
        session.delete(session.scalars(select(VendorUser).where(VendorUser.name == "Paul")).one())
    assert "/portal/login" in address_in(ask_storefront(app, acme, "88"))


def test_an_unknown_customer_and_a_guest_are_sent_to_the_sign_in_page(app: Flask, acme: Shop, ada: Vendor) -> None:
    for customer in ("78", ""):
        page = ask_storefront(app, acme, customer)
        assert address_in(page) == "/portal/login?shop=acme.myshopify.com"


def test_a_customer_of_another_shop_with_the_same_number_gets_nowhere(
    app: Flask, acme: Shop, zenith: Shop, ada: Vendor
) -> None:
    connect(ada, 77)
    assert "/portal/login" in ask_storefront(app, zenith, "77")


def test_a_request_that_shopify_did_not_sign_is_refused(app: Flask, acme: Shop, ada: Vendor) -> None:
    connect(ada, 77)
    forged = {
        "shop": acme.domain,
        "timestamp": str(int(time.time())),
        "logged_in_customer_id": "77",
        "signature": "0" * 64,
    }
    assert app.test_client().get(f"/proxy/portal?{urlencode(forged)}").status_code == 403


def test_a_vendor_connects_their_customer_account(app: Flask, acme: Shop, ada: Vendor) -> None:
    browser = signed_in(app, ada)
    ticket = connect_ticket(browser)
    back = address_in(ask_storefront(app, acme, "77", connect=ticket))
    assert "Connect it" in browser.get(back).text
    assert browser.post(back).status_code == 303
    assert "/portal/arrive/" in address_in(ask_storefront(app, acme, "77"))
    browser.post("/portal/disconnect")
    assert "/portal/login" in address_in(ask_storefront(app, acme, "77"))


def test_nobody_connects_their_customer_account_to_somebody_elses_portal(
    app: Flask, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    adas, beas = signed_in(app, ada), signed_in(app, bea)
    # Bea carries her own ticket to the storefront as customer 66, then has Ada open the way back.
    back = address_in(ask_storefront(app, acme, "66", connect=connect_ticket(beas)))
    assert adas.get(back).status_code == 403
    assert adas.post(back).status_code == 403
    # A ticket that was not yet at the storefront names no customer.
    assert adas.post(f"/portal/connect/{connect_ticket(adas)}").status_code == 403


def test_a_guest_is_told_to_sign_in_to_the_shop_first(app: Flask, acme: Shop, ada: Vendor) -> None:
    page = ask_storefront(app, acme, "", connect=connect_ticket(signed_in(app, ada)))
    assert "Sign in to the shop with your customer account first" in page


def connect_ticket(browser: FlaskClient) -> str:
    found = re.search(r"/a/market/portal\?connect=([^\"&]+)", browser.get("/portal/more").text)
    assert found
    return found[1]


def test_the_shop_and_nobody_else_may_show_the_portal_in_a_frame(browser: FlaskClient, ada: Vendor, acme: Shop) -> None:
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).primary_host = "shop.acme.example"
    policy = signed_in(browser.application, ada).get("/portal").headers["Content-Security-Policy"]
    assert "frame-ancestors https://acme.myshopify.com https://shop.acme.example" in policy
    assert (
        "frame-ancestors 'none'"
        in browser.get("/portal/login?shop=rival.myshopify.com").headers["Content-Security-Policy"]
    )


def test_in_the_shops_frame_the_session_lives_in_a_partition(
    app: Flask, browser: FlaskClient, acme: Shop, ada: Vendor
) -> None:
    connect(ada, 77)
    query = {"format": "json"}
    address = ask_storefront(app, acme, "77", **query)
    arrival = re.search(r"/portal/arrive/[^\"]+", address)
    assert arrival
    answer = come_in(browser, arrival[0], **{"Sec-Fetch-Dest": "iframe"})
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=None", "Partitioned"))


def test_whoever_is_not_signed_in_any_more_sees_the_sign_in_page_in_the_shops_frame(
    app: Flask, browser: FlaskClient, acme: Shop, zenith: Shop, ada: Vendor
) -> None:
    connect(ada, 77)
    framed = {"Sec-Fetch-Dest": "iframe"}
    arrival = address_in(ask_storefront(app, acme, "77"))
    come_in(browser, arrival, **framed)
    late = come_in(app.test_client(), arrival, **framed)
    assert browser.post("/portal/logout", headers={"Sec-Fetch-Site": "same-origin", **framed}).status_code == 303
    over = browser.get("/portal/orders", headers=framed, follow_redirects=True)
    for page in (late, over):
        assert "E-mail me a link" in page.text
        assert "frame-ancestors https://acme.myshopify.com" in page.headers["Content-Security-Policy"]
