"""Sellers who are asked to join: one or many, by a link that works once, approved beforehand or not."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db
from app.models.emails import Email
from app.models.events import AuditEntry
from app.models.invitations import VendorInvitation
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor, VendorStatus, VendorUser
from app.vendors.invitations import Line, read_lines
from jobs.portal import forget_invitations
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor
from tests.shopify.fake import FakeShopify, data

PAGE = "/app/vendors/invitations"
FORM = {"name": "Dora's Dyes", "contact_name": "Dora", "what_they_sell": "Dyed wool"}


@pytest.fixture(scope="module")
def app() -> Flask:
    return get_app()


@pytest.fixture
def merchant(merchant: FlaskClient, shopify: FakeShopify) -> FlaskClient:
    shopify.answer("metaobjects", data(metaobjects={"nodes": []}))
    return merchant


def seller(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base |= {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT": "text/html"}
    return client


def ask(merchant: FlaskClient, addresses: str, **form: str) -> str:
    answer = merchant.post(PAGE, data={"addresses": addresses, **form})
    assert (answer.status_code, lint_polaris(answer.text)) == (200, [])
    return answer.text


def links(address: str) -> list[str]:
    """Where the e-mails to an address lead, oldest first."""
    with db.system() as session:
        mails = session.scalars(select(Email).where(Email.to_address == address).order_by(Email.id)).all()
    return [found for mail in mails for found in re.findall(r"(/portal/join/\S+)", mail.text_body)]


def vendors() -> list[tuple[str, str, str]]:
    with db.system() as session:
        return [(v.name, v.email, v.status.value) for v in session.scalars(select(Vendor).order_by(Vendor.id))]


def test_pasted_addresses_are_read_with_their_names_and_once_each() -> None:
    pasted = '"Ada Ltd" <ada@example.com>\r\nbea@example.com, Cy <cy@example.com>;\n\nADA@example.com'
    assert read_lines(pasted) == [
        Line("ada@example.com", "Ada Ltd"),
        Line("bea@example.com"),
        Line("cy@example.com", "Cy"),
    ]


def test_each_pasted_address_has_its_result_and_the_bad_ones_stay_in_the_field(
    merchant: FlaskClient, shop: Shop
) -> None:
    make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    ask(merchant, "bea@example.com")
    page = ask(merchant, "Dora's Dyes <dora@example.com>\nnobody\nADA@example.com\nbea@example.com")
    assert "1 of 4 invited" in page
    for words in (
        "nobody: Does not look like an e-mail address.",
        "ADA@example.com: Is Ada&#39;s Ceramics already (approved).",
        "bea@example.com: Was asked already.",
    ):
        assert words in page
    field = re.search(r'name="addresses"[^>]*value="([^"]*)"', page)
    assert field
    assert field[1] == "nobody\nADA@example.com\nbea@example.com"
    assert len(links("dora@example.com")) == 1


@pytest.mark.parametrize("addresses", ["", " , ;\n", "\n".join(f"v{n}@example.com" for n in range(101))])
def test_none_and_too_many_addresses_are_refused_with_what_to_do(merchant: FlaskClient, addresses: str) -> None:
    answer = merchant.post(PAGE, data={"addresses": addresses})
    assert answer.status_code == 422
    assert re.search(r"Enter at least one|Send at most 100", answer.text)


def test_an_invited_seller_fills_one_page_in_and_sells(app: Flask, merchant: FlaskClient, shop: Shop) -> None:
    ask(merchant, "Dora's Dyes <dora@example.com>", note="We love your wool.", is_approved="y")
    [link] = links("dora@example.com")
    with db.system() as session:
        [mail] = session.scalars(select(Email).where(Email.kind == "vendor_invited"))
    assert ("Mona Merchant invites you" in mail.subject, "We love your wool." in mail.text_body) == (True, True)
    browser = seller(app)
    page = browser.get(link)
    assert (page.status_code, "Dora&#39;s Dyes" in page.text, "dora@example.com" in page.text) == (200, True, True)
    joined = browser.post(link, data={**FORM, "email": "somebody.else@example.com"})
    assert (joined.status_code, joined.headers.get("Location")) == (303, "/portal")
    assert vendors() == [("Dora's Dyes", "dora@example.com", "approved")]
    assert browser.get("/portal").status_code == 200
    assert (seller(app).get(link).status_code, seller(app).post(link, data=FORM).status_code) == (410, 410)
    with db.system() as session:
        done = session.execute(select(AuditEntry.action, AuditEntry.actor).order_by(AuditEntry.id)).all()
    told = [(action, actor) for action, actor in done if action.startswith("vendor.")]
    assert told == [
        ("vendor.invite", "staff:42"),
        ("vendor.apply", "applicant:dora@example.com"),
        ("vendor.approve", "staff:42"),
    ]
    assert "Joined" in merchant.get(PAGE).text


def test_without_approval_the_application_waits_for_the_merchant(app: Flask, merchant: FlaskClient, shop: Shop) -> None:
    ask(merchant, "dora@example.com")
    [link] = links("dora@example.com")
    assert seller(app).post(link, data=FORM).status_code == 303
    assert vendors() == [("Dora's Dyes", "dora@example.com", "pending")]


def test_who_applied_meanwhile_is_approved_and_let_in(app: Flask, merchant: FlaskClient, shop: Shop) -> None:
    ask(merchant, "dora@example.com", is_approved="y")
    with db.scoped(shop.id) as session:
        early = Vendor(shop_id=shop.id, handle="dora", name="Dora", email="Dora@example.com")
        session.add(early)
        session.flush()
        session.add(VendorUser(shop_id=shop.id, vendor_id=early.id, email="Dora@example.com"))
    browser = seller(app)
    assert browser.post(links("dora@example.com")[0], data=FORM).status_code == 303
    assert vendors() == [("Dora", "Dora@example.com", "approved")]
    assert browser.get("/portal").status_code == 200


@pytest.mark.parametrize(("is_later", "status"), [(True, "pending"), (False, "approved")])
def test_an_old_invitation_does_not_undo_what_the_shop_decided_since(
    app: Flask,
    merchant: FlaskClient,
    shop: Shop,
    is_later: bool,  # noqa: FBT001
    status: str,
) -> None:
    """Turned away after the invitation: pending. Invited after being turned away: that was the shop's decision."""
    ask(merchant, "dora@example.com", is_approved="y")
    dora = make_vendor(shop, "Dora's Dyes", "dora@example.com", VendorStatus.REJECTED)
    decided = clock.now() + timedelta(minutes=1 if is_later else -1)
    with db.system() as session:
        session.execute(update(Vendor).where(Vendor.id == dora.id).values(status_changed_at=decided))
    assert seller(app).post(links("dora@example.com")[0], data=FORM).status_code == 303
    assert [found for *_, found in vendors()] == [status]


def test_a_taken_name_and_missing_terms_leave_the_invitation_open(
    app: Flask, merchant: FlaskClient, shop: Shop
) -> None:
    make_vendor(shop, "Doras Dyes", "other@example.com")
    with db.scoped(shop.id) as session:
        session.execute(update(ShopSettings).values(terms_text="Ship fast."))
    ask(merchant, "dora@example.com")
    [link], browser = links("dora@example.com"), seller(app)
    unread = browser.post(link, data=FORM)
    assert (unread.status_code, "accept the vendor terms" in unread.text) == (422, True)
    taken = browser.post(link, data={**FORM, "accept_terms": "y"})
    assert (taken.status_code, "Choose another name" in taken.text) == (422, True)
    assert browser.post(link, data={**FORM, "name": "Dora's Wool", "accept_terms": "y"}).status_code == 303


def test_only_the_newest_link_works_and_a_withdrawn_one_does_not(app: Flask, merchant: FlaskClient) -> None:
    ask(merchant, "dora@example.com")
    with db.system() as session:
        number = session.scalars(select(VendorInvitation.id)).one()
    assert merchant.post(f"{PAGE}/{number}/resend").status_code == 200
    first, second = links("dora@example.com")
    assert (seller(app).get(first).status_code, seller(app).get(second).status_code) == (410, 200)
    page = merchant.post(f"{PAGE}/{number}/withdraw")
    assert (page.status_code, "Withdrawn" in page.text) == (200, True)
    assert seller(app).get(second).status_code == 410
    for _ in range(3):
        assert merchant.post(f"{PAGE}/{number}/resend").status_code == 200
    refused = merchant.post(f"{PAGE}/{number}/resend")
    assert (refused.status_code, "got 5 e-mails" in refused.headers["HX-Trigger"]) == (409, True)


def test_an_invitation_ends_after_thirty_days_and_its_address_is_forgotten(app: Flask, merchant: FlaskClient) -> None:
    ask(merchant, "dora@example.com")
    with db.system() as session:
        held = session.scalars(select(VendorInvitation)).one()
        assert held.expires_at - held.sent_at == timedelta(days=30)
        held.expires_at = clock.now() - timedelta(days=89)
    forget_invitations()
    assert "Too old" in merchant.get(PAGE).text
    assert seller(app).get(links("dora@example.com")[0]).status_code == 410
    with db.system() as session:
        session.execute(update(VendorInvitation).values(expires_at=clock.now() - timedelta(days=91)))
    forget_invitations()
    with db.system() as session:
        assert session.scalars(select(VendorInvitation)).all() == []


def test_invitations_are_a_file_too(merchant: FlaskClient) -> None:
    ask(merchant, "Dora <dora@example.com>\n=cmd <evil@example.com>")
    assert f"{PAGE}/export.csv?q=dora" in merchant.get(f"{PAGE}?q=dora").text
    lines = merchant.get(f"{PAGE}/export.csv").text.splitlines()
    assert lines[0].lstrip("\ufeff").startswith("address,name,state,sent_at")
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["evil@example.com", "'=cmd", "open"],
        ["dora@example.com", "Dora", "open"],
    ]
    assert len(merchant.get(f"{PAGE}/export.csv?q=dora").text.splitlines()) == 2


def test_another_shops_invitation_is_out_of_reach(merchant: FlaskClient, zenith: Shop) -> None:
    now = clock.now()
    with db.scoped(zenith.id) as session:
        theirs = VendorInvitation(
            shop_id=zenith.id, email="zoe@example.com", token_hash=b"x", invited_by="staff:9", expires_at=now
        )
        session.add(theirs)
        session.flush()
        number = theirs.id
    assert merchant.post(f"{PAGE}/{number}/resend").status_code == 404
    assert "zoe@example.com" not in merchant.get(PAGE).text
