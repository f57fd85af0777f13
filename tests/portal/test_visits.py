"""The shop's staff in a vendor's pages: by a ticket, for half an hour, in the vendor's sight, and never at the keys."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db
from app.auth import portal as portal_door
from app.auth.roles import Area, visitor_may, visitor_may_open
from app.models.events import AuditEntry
from app.models.shops import Shop
from app.models.staff import StaffMember, Visit
from app.models.vendors import PortalSession, Vendor, VendorStatus
from jobs.portal import end_visits
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor
from tests.portal.conftest import path_of, signed_in
from tests.shopify.fake import FakeShopify

REASON = "Ada rang: the price of the bowl is wrong"
CHANGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/portal/payout-details", {"iban": "DE89370400440532013000"}),
    ("/portal/staff", {"email": "mona@acme.example", "person_name": "M", "role": "owner"}),
    ("/portal/security/recovery-codes", {}),
    ("/portal/security/app", {}),
    ("/portal/sessions", {}),
    ("/portal/switch", {"vendor": "1"}),
    ("/portal/terms", {"version": "1"}),
    ("/portal/api", {"name": "x"}),
    ("/portal/disconnect", {}),
)


def ask(merchant: FlaskClient, vendor: Vendor, **form: str) -> str:
    """The address of the way in, as the admin shows it."""
    answer = merchant.post(f"/app/vendors/{vendor.id}/visit", data=form)
    assert (answer.status_code, lint_polaris(answer.text)) == (200, [])
    found = re.search(r'href="(http\S+/portal/visit/[^"]+)"', answer.text)
    assert found, answer.text
    return path_of(found[1])


def visit(app: Flask, merchant: FlaskClient, vendor: Vendor, **form: str) -> FlaskClient:
    """A browser of staff that has gone in."""
    client = app.test_client()
    client.environ_base |= {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT": "text/html"}
    way_in = ask(merchant, vendor, **form)
    assert "Mona Merchant" in client.get(way_in).text
    assert client.post(way_in).headers["Location"] == "/portal"
    return client


def log() -> list[tuple[str, str, str | None]]:
    with db.system() as session:
        rows = session.execute(
            select(AuditEntry.action, AuditEntry.actor, AuditEntry.reason).order_by(AuditEntry.id)
        ).all()
    return [(action, actor, reason) for action, actor, reason in rows if action != "app.install"]


def test_what_a_visitor_may_is_less_than_an_owner_in_every_way() -> None:
    assert [area for area in Area if not visitor_may(area, "everything")] == [Area.BUSINESS]
    assert not any(visitor_may(area, "everything", change=True) for area in Area)
    changes = {area for area in Area if visitor_may(area, "everything", change=True, has_reason=True)}
    assert changes == {Area.CATALOGUE, Area.ORDERS, Area.PROFILE}
    assert not visitor_may_open("/portal/a-page-of-tomorrow", "everything")
    assert not visitor_may_open("/portal/security", "everything")
    assert not any(visitor_may_open(path, "everything", change=True, has_reason=True) for path, _ in CHANGES)


def test_a_visit_is_no_way_around_the_visitors_role_in_the_app() -> None:
    changes = {area for area in Area if visitor_may(area, "vendors", change=True, has_reason=True)}
    assert changes == {Area.CATALOGUE, Area.PROFILE}
    assert not visitor_may(Area.MONEY, "orders")
    assert not any(visitor_may(area, role) for area in Area for role in ("", "a role of tomorrow"))


def test_a_role_that_is_taken_counts_from_the_visitors_next_click(
    app: Flask, merchant: FlaskClient, seller: Vendor
) -> None:
    browser = visit(app, merchant, seller, kind="change", reason=REASON)
    assert browser.get("/portal/money").status_code == 200
    with db.system() as session:
        session.execute(update(StaffMember).values(role="vendors"))
    refused = browser.post("/portal/orders/ship", data={"order": "1"})
    assert (refused.status_code, "Your role here is “Vendors and review”" in refused.text) == (403, True)
    with db.system() as session:
        session.execute(update(StaffMember).values(role="orders"))
    assert browser.get("/portal/money").status_code == 403
    assert browser.get("/portal/orders").status_code == 200
    assert [action for action, _, _ in log()] == ["visit.start"]


def test_without_a_reason_a_visit_looks_and_changes_nothing(app: Flask, merchant: FlaskClient, seller: Vendor) -> None:
    browser = visit(app, merchant, seller, kind="look", reason="never shown")
    for path in ("/portal", "/portal/products", "/portal/orders", "/portal/money", "/portal/profile", "/portal/more"):
        page = browser.get(path)
        assert (page.status_code, "Mona Merchant, you are in the pages of" in page.text) == (200, True), path
        assert "You can look, not change." in page.text
    refused = browser.post("/portal/profile", data={"tagline": "Hacked"})
    assert (refused.status_code, "open the vendor again with a reason" in refused.text) == (403, True)
    assert log() == [("visit.start", "staff:42", None)]


def test_with_a_reason_each_form_is_in_the_log_under_the_staff_members_number(
    app: Flask, merchant: FlaskClient, seller: Vendor
) -> None:
    browser = visit(app, merchant, seller, kind="change", reason=REASON)
    assert REASON.replace("'", "&#39;") in browser.get("/portal/profile").text
    sent = browser.post("/portal/profile", data={"name": seller.name, "tagline": "By hand", "locale": "en"})
    assert sent.status_code == 303, sent.text
    assert log() == [
        ("visit.start", "staff:42", REASON),
        ("visit.change", "staff:42", REASON),
        ("vendor.edit_profile", "staff:42", None),
    ]
    assert "Mona Merchant" in merchant.get(f"/app/vendors/{seller.id}").text
    assert "Mona Merchant" in merchant.get("/app/log?action=visit.change").text


@pytest.mark.parametrize(("path", "form"), CHANGES)
def test_no_visit_writes_to_payout_details_staff_or_signing_in(
    app: Flask, merchant: FlaskClient, seller: Vendor, path: str, form: dict[str, str]
) -> None:
    browser = visit(app, merchant, seller, kind="change", reason=REASON)
    answer = browser.post(path, data=form)
    assert (answer.status_code, "not open to visits" in answer.text) == (403, True)
    assert [action for action, _, _ in log()] == ["visit.start"]


def test_a_visit_ends_by_its_button_and_the_ticket_opens_nothing_again(
    app: Flask, merchant: FlaskClient, seller: Vendor
) -> None:
    way_in = ask(merchant, seller, kind="look")
    browser = app.test_client()
    browser.environ_base |= {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT": "text/html"}
    browser.get(way_in)
    browser.post(way_in)
    kept = browser.get_cookie(portal_door.cookie_name())
    assert kept is not None
    assert browser.post("/portal/logout").headers["Location"] == "/portal/visit/ended"
    assert "The visit has ended" in browser.get("/portal/visit/ended").text
    browser.set_cookie(kept.key, kept.value)
    assert browser.get("/portal").status_code == 303
    assert (browser.get(way_in).status_code, browser.post(way_in).status_code) == (410, 410)
    assert [(action, actor) for action, actor, _ in log()] == [("visit.start", "staff:42"), ("visit.end", "staff:42")]


def test_a_visit_ends_by_itself_after_half_an_hour_and_the_log_says_so(
    app: Flask, merchant: FlaskClient, seller: Vendor
) -> None:
    browser = visit(app, merchant, seller, kind="look")
    with db.system() as session:
        [held] = session.scalars(select(PortalSession))
        assert held.expires_at - held.created_at == timedelta(minutes=30)
        past = clock.now() - timedelta(seconds=1)
        session.execute(update(PortalSession).values(expires_at=past))
        session.execute(update(Visit).values(expires_at=past))
    assert "not signed in any more" not in browser.get("/portal", follow_redirects=True).text
    end_visits()
    end_visits()
    assert [(action, actor) for action, actor, _ in log()] == [("visit.start", "staff:42"), ("visit.end", "system")]


def test_a_ticket_is_good_for_two_minutes(app: Flask, merchant: FlaskClient, seller: Vendor) -> None:
    way_in = ask(merchant, seller, kind="look")
    with db.system() as session:
        [made] = session.scalars(select(Visit))
        assert made.expires_at - made.made_at == timedelta(minutes=2)
        session.execute(update(Visit).values(expires_at=clock.now()))
    assert app.test_client().get(way_in).status_code == 410


def test_the_vendor_sees_each_visit_and_another_vendor_does_not(
    app: Flask, merchant: FlaskClient, seller: Vendor
) -> None:
    with db.system() as session:
        shop = session.get_one(Shop, seller.shop_id)
    bea = make_vendor(shop, "Bea's Bakery", "bea@example.com")
    visit(app, merchant, seller, kind="change", reason=REASON)
    seen = signed_in(app, seller).get("/portal/security").text
    assert ("Mona Merchant" in seen, "the price of the bowl" in seen, "Here now" in seen) == (True, True, True)
    assert "Mona" not in signed_in(app, bea).get("/portal/security").text


def test_changes_need_a_reason_and_a_vendor_that_has_pages(merchant: FlaskClient, seller: Vendor) -> None:
    page = f"/app/vendors/{seller.id}/visit"
    refused = merchant.post(page, data={"kind": "change", "reason": " "})
    assert (refused.status_code, "Say why you make changes" in refused.text) == (422, True)
    with db.system() as session:
        session.execute(update(Vendor).values(status=VendorStatus.CLOSED))
    assert merchant.post(page, data={"kind": "look"}).status_code == 409
    assert "has no vendor pages now" in merchant.get(page).text


def test_staff_are_known_by_the_name_that_shopify_tells(merchant: FlaskClient, shopify: FakeShopify) -> None:
    merchant.get("/app")
    with db.system() as session:
        [member] = session.scalars(select(StaffMember))
    assert (member.number, member.name, member.email) == ("42", "Mona Merchant", "mona@acme.example")
    assert member.is_account_owner
