"""What a role is not for, it does not find: neither a button that would be refused nor a link to a closed page."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.auth.readers import close_forms
from app.auth.staff_roles import StaffRole, may_open
from app.models.approvals import ApprovalRule
from app.models.cancellations import Cancellation, CancellationState
from app.models.emails import Email, EmailStatus
from app.models.orders import Order, VendorOrder
from app.models.payouts import Payout, PayoutBatch, PayoutState
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus
from app.vendors.payout_details import PayoutDetails, change_payout_details
from tests.architecture.stocked import stock
from tests.auth.test_staff import app, grant, mona, sam
from tests.conftest import make_vendor
from tests.payouts.conftest import earn

__all__ = ["app", "mona", "sam"]

ACCOUNT = PayoutDetails("DE89370400440532013000", "Ada", "bank")
MONEY = {"shop_money": {"amount": "5.00", "currency_code": "USD"}}
AT = "2026-11-20T09:00:00Z"
SNAPSHOT = {"id": 1, "name": "#1", "currency": "USD", "created_at": AT, "updated_at": AT, "total_price_set": MONEY}
TERMS = {"shipping_to": "vendor", "shipping_tax_to": "vendor", "shipping_share": "value"}
PAGES = [
    "/app",
    "/app/notices",
    "/app/vendors",
    "/app/vendors/invitations",
    "/app/vendors/{seller}",
    "/app/vendors/{seller}/sender",
    "/app/vendors/{seller}/visit",
    "/app/vendors/{applicant}",
    "/app/review",
    "/app/review/{product}",
    "/app/review/rules",
    "/app/review/rules/{approval}",
    "/app/review/replies",
    "/app/products",
    "/app/orders",
    "/app/orders/{order}",
    "/app/reviews",
    "/app/questions",
    "/app/codes",
    "/app/pickups",
    "/app/reconciliation",
    "/app/emails",
    "/app/emails/{email}",
    "/app/emails/words/{kind}",
    "/app/events",
    "/app/events/told",
    "/app/log",
    "/app/settings",
    "/app/settings/questions",
    "/app/settings/locations",
    "/app/settings/notifications",
    "/app/settings/mailings",
    "/app/reviews/settings",
    "/app/commissions",
    "/app/commissions/2",
    "/app/commissions/groups",
    "/app/commissions/history",
    "/app/commissions/history?list={day}",
    "/app/payouts",
    "/app/payouts/{batch}",
    "/app/payouts/{batch}/payouts/{payout}",
    "/app/payouts/{given_batch}",
    "/app/payouts/{given_batch}/payouts/{given_payout}",
    "/app/payouts/invoices",
    "/app/payouts/settings",
    "/app/settings/money",
    "/app/settings/money/vendors/{seller}",
    "/app/books",
    "/app/books/adjustments",
]
# What they offer is a link, a tick or a form without a button of its own.
NOTHING_TO_PRESS = {
    "/app/books",
    "/app/codes",
    "/app/commissions/history",
    "/app/log",
    "/app/notices",
    "/app/orders",
    "/app/reviews",
    "/app/reviews/settings",
    "/app/settings",
    "/app/settings/locations",
    "/app/settings/mailings",
    "/app/settings/notifications",
}


@pytest.fixture
def numbers(mona: FlaskClient, sam: FlaskClient) -> dict[str, object]:
    """A stocked marketplace, and what its addresses name."""
    with db.system() as session:
        shop = session.scalars(select(Shop)).one()
    seller = make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    applicant = make_vendor(shop, "Bea's Bakery", "bea@example.com", VendorStatus.PENDING)
    stock(shop, seller, range(1, 4))
    add_rules(mona)
    with db.scoped(shop.id) as session:
        part = session.scalars(select(VendorOrder)).first()
        assert part
        sold = session.get_one(Order, part.order_id)
        sold.snapshot, sold.terms = SNAPSHOT, TERMS
        asked: dict[str, Any] = {"quantities": {"1": 1}, "reason": "sold_out", "asked_by": "vendor_user:1"}
        owner = {"shop_id": shop.id, "vendor_id": seller.id}
        order = {"part_id": part.id, "order_shopify_id": part.order_shopify_id}
        session.add(Cancellation(state=CancellationState.FAILED, **asked, **owner, **order))
        given = session.scalars(select(Payout).where(Payout.vendor_id == seller.id)).first()
        assert given
        given.state = PayoutState.SENDING
        session.get_one(PayoutBatch, given.batch_id).file_made_at = clock.now()
        change_payout_details(session, session.get_one(Vendor, seller.id), ACCOUNT, actor="test")
        session.get_one(Vendor, seller.id).payout_changed_at = None
        waiting = session.scalars(select(Payout).where(Payout.state == PayoutState.PENDING)).first()
        assert waiting
        email = session.scalars(select(Email).where(Email.status == EmailStatus.FAILED)).first()
        assert email
        email.error = "The mailbox is full."
        named = {
            "seller": seller.id,
            "applicant": applicant.id,
            "order": part.order_id,
            "product": session.scalar(select(Product.id).where(Product.status == ProductStatus.IN_REVIEW)),
            "approval": session.scalar(select(ApprovalRule.id)),
            "email": email.id,
            "kind": email.kind,
            "batch": waiting.batch_id,
            "payout": waiting.id,
            "given_batch": given.batch_id,
            "given_payout": given.id,
            "day": quote(clock.now().isoformat()),
        }
    earn(shop, seller, "sale", 4200)
    return named


def add_rules(mona: FlaskClient) -> None:
    """Two rules of each kind that can be put in order, one planned for later, a group and a reply."""
    later = (clock.now() + timedelta(days=9)).date().isoformat()
    commission, approval = "/app/commissions/new", "/app/review/rules/new"
    for place, fields in [
        ("/app/commissions/groups", {"name": "Friends"}),
        (commission, {"name": "Cheap", "rate": "5", "price_to": "5"}),
        (commission, {"name": "Dear", "rate": "20", "price_from": "500"}),
        (commission, {"name": "Soon", "rate": "7", "price_to": "9", "counts_from": later}),
        (approval, {"name": "New ones", "kind": "any", "is_on": "y", "price_to": "5"}),
        (approval, {"name": "All", "kind": "any", "is_on": "y"}),
        ("/app/review/replies", {"title": "Pictures", "body": "Please add a picture."}),
    ]:
        assert mona.post(place, data=fields).status_code == 200, place


def deeds(page: BeautifulSoup) -> Iterator[str]:
    """Where the page's buttons send something; a form of settings shows them, too, and says who may change them."""
    for button in page.select("form[hx-post] s-button[type=submit], s-button[hx-post]"):
        sender = button if button.has_attr("hx-post") else button.find_parent("form")
        assert sender
        yield str(sender["hx-post"])


def fields(page: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """Where each field is sent that somebody can type into, and its name."""
    for form in page.select("form[hx-post]"):
        yield from ((str(form["hx-post"]), str(tag["name"])) for tag in form.select("[name]:not(input, [disabled])"))


def ways(page: BeautifulSoup) -> Iterator[str]:
    """Where the page leads, and what it loads by itself."""
    tags: list[Tag] = [*page.select("s-page [href^='/app']"), *page.select("[hx-get][hx-trigger^=load]")]
    yield from (str(tag.get("href") or tag.get("hx-get")) for tag in tags)


@pytest.mark.parametrize("role", [role for role in StaffRole if role is not StaffRole.EVERYTHING])
def test_a_role_finds_no_button_or_field_that_is_refused_and_no_way_to_a_closed_page(
    mona: FlaskClient, sam: FlaskClient, numbers: dict[str, object], role: StaffRole
) -> None:
    assert grant(mona, "43", role) == 200
    dead = []
    for place in PAGES:
        address = place.format(**numbers)
        answer = sam.get(address)
        if not opens(role, address):
            assert answer.status_code == 403, address
            continue
        assert answer.status_code == 200, address
        page = BeautifulSoup(answer.text, "html.parser")
        dead += [(address, deed) for deed in deeds(page) if not opens(role, deed, change=True)]
        dead += [(address, way) for way in ways(page) if not opens(role, way)]
        dead += [(address, f"{name} of {deed}") for deed, name in fields(page) if not opens(role, deed, change=True)]
    assert not dead, "\n".join(map(str, dead))


def test_where_there_is_no_group_only_those_are_led_to_the_groups_who_may_open_them(
    mona: FlaskClient, sam: FlaskClient
) -> None:
    assert grant(mona, "43", StaffRole.ORDERS) == 200
    mona.post("/app/review/rules/new", data={"name": "All", "kind": "any", "is_on": "y"})
    page = BeautifulSoup(mona.get("/app/review/rules").text, "html.parser")
    rule = str(next(link["href"] for link in page.select("s-link") if link.get_text() == "All"))
    groups = [
        BeautifulSoup(who.get(rule).text, "html.parser").select("[href='/app/commissions/groups']")
        for who in (mona, sam)
    ]
    assert list(map(len, groups)) == [1, 0]


def test_who_may_do_everything_finds_the_buttons(mona: FlaskClient, numbers: dict[str, object]) -> None:
    """Else the pages above would show none because nothing is there to be done."""
    found = {place: set(deeds(BeautifulSoup(mona.get(place.format(**numbers)).text, "html.parser"))) for place in PAGES}
    assert {place for place in PAGES if not found[place]} == NOTHING_TO_PRESS


def test_a_page_is_closed_form_by_form() -> None:
    page = """<form hx-post="/app/a?x=1" title="a > b"><s-text-field name="t"></s-text-field><s-choice-list name="c">
        </s-choice-list><s-button type="submit">Save</s-button><s-button href="/app/file">File</s-button></form>
        <form hx-post="/app/b"><s-select name="s"></s-select><s-button type="submit">Save</s-button></form>
        <form hx-get="/app/a"><s-search-field name="q"></s-search-field><s-button type="submit">Find</s-button></form>
        <s-button hx-post="/app/a">Now</s-button><s-button hx-post="/app/b">Now</s-button>"""
    closed = BeautifulSoup(close_forms(page, lambda path: path != "/app/a"), "html.parser")
    shut, *others = closed.find_all("form")
    assert [tag["name"] for tag in shut.select("[disabled]")] == ["t", "c"]
    assert [button.get_text() for button in shut.select("s-button")] == ["File"]
    assert (shut.has_attr("data-closed"), shut["title"]) == (True, "a > b")
    assert not any(form.select("[disabled]") for form in others)
    assert [str(button.get("hx-post")) for button in closed.select("s-button:not(form *)")] == ["/app/b"]
    assert close_forms(page, lambda _: True) == page


def test_who_may_not_change_settings_cannot_type_into_them(mona: FlaskClient, sam: FlaskClient) -> None:
    typed = {
        who: BeautifulSoup(who.get("/app/settings").text, "html.parser").select("form [name]:not(input)")
        for who in (mona, sam)
    }
    assert len(typed[sam]) == len(typed[mona]) > 5
    assert all(field.has_attr("disabled") for field in typed[sam])
    assert not any(field.has_attr("disabled") for field in typed[mona])


def opens(role: StaffRole, address: str, *, change: bool = False) -> bool:
    return may_open(role, address.partition("?")[0], change=change)
