"""Several people at one vendor: invited by an owner, each with what their role opens, and nothing else."""

from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.auth import magic_links
from app.auth.api import make_token
from app.auth.roles import Area, Role, area_of, may
from app.auth.scopes import Scope
from app.languages import speaking
from app.models.emails import Email
from app.models.events import AuditEntry
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorUser
from app.portal.forms import InvitationForm
from devstore.store import Store
from tests.devstore.orders.cast import ADDRESS, buy
from tests.orders.conftest import Post, goods, post, store
from tests.portal.conftest import mailed_links, path_of, signed_in
from tests.portal.test_handover import address_in, ask_storefront, connect

__all__ = ["goods", "post", "store"]

INVITATION = {"email": " cleo@example.com ", "person_name": "Cleo", "role": "orders"}


@pytest.mark.parametrize("role", ["sweeper", "", "OWNER"])
def test_an_unknown_role_opens_nothing(role: str) -> None:
    assert not any(may(role, area, change=change) for area in Area for change in (False, True))


def test_what_a_role_changes_it_sees() -> None:
    assert all(may(role, area) for role in Role for area in Area if may(role, area, change=True))


def test_only_owners_touch_what_binds_the_vendor() -> None:
    assert [role for role in Role if may(role, Area.BUSINESS) or may(role, Area.BUSINESS, change=True)] == [Role.OWNER]


def test_a_page_that_nobody_listed_is_the_owners() -> None:
    assert area_of("/portal/new-thing") is Area.BUSINESS
    assert area_of("/portal/orders-archive") is Area.BUSINESS
    assert area_of("/portal/orders/7/ship") is Area.ORDERS


def test_every_page_of_the_portal_has_its_area_on_purpose(app: Flask) -> None:
    owners = {
        str(rule)
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/portal/") and area_of(str(rule)) is Area.BUSINESS
    }
    listed = (
        "/portal/payout-details",
        "/portal/terms",
        "/portal/connect",
        "/portal/disconnect",
        "/portal/staff",
        "/portal/api",
        "/portal/notifications",
        "/portal/questions",
    )
    before_sign_in = (
        "/portal/login",
        "/portal/enter",
        "/portal/arrive",
        "/portal/logout",
        "/portal/verify",
        "/portal/passkey",
    )
    assert {path for path in owners if not path.startswith((*listed, *before_sign_in))} == set()


def test_an_invited_person_gets_in_and_does_their_work_only(app: Flask, adas_browser: FlaskClient, ada: Vendor) -> None:
    assert adas_browser.post("/portal/staff", data=INVITATION).status_code == 303
    cleo = accept(app, "cleo@example.com")
    home = cleo.get("/portal")
    assert home.status_code == 200
    assert "/portal/money" not in home.text
    assert cleo.get("/portal/orders").status_code == 200
    assert cleo.get("/portal/products").status_code == 200
    assert cleo.get("/portal/money").status_code == 403
    assert cleo.get("/portal/payout-details").status_code == 403
    assert cleo.get("/portal/staff").status_code == 403
    assert cleo.post("/portal/products/new", data={"title": "Mug"}).status_code == 403
    assert "Orders" in cleo.get("/portal/more").text


def test_an_order_offers_each_role_only_what_it_opens(
    app: Flask, adas_browser: FlaskClient, goods: SimpleNamespace, store: Store, post: Post
) -> None:
    buy(store, (goods.mug, 1))
    post.deliver()
    offers = {"owner": read_offers(adas_browser)}
    for role in ("orders", "finance", "viewer"):
        adas_browser.post("/portal/staff", data=INVITATION | {"email": f"{role}@example.com", "role": role})
        offers[role] = read_offers(accept(app, f"{role}@example.com"))
    assert offers == {
        "owner": {"/ship", "/cancel", "/money/"},
        "orders": {"/ship", "/cancel"},
        "finance": {"/money/"},
        "viewer": {"/money/"},
    }


def read_offers(person: FlaskClient) -> set[str]:
    """What the order's page leads to: sending, cancelling, explanations of amounts."""
    page = person.get("/portal/orders/1").text
    assert ADDRESS["address1"] in page, "where it goes is everybody's to read"
    places = {
        "/ship": 'action="/portal/orders/1/ship"',
        "/cancel": "/portal/orders/1/cancel",
        "/money/": "/portal/money/",
    }
    return {name for name, link in places.items() if link in page}


def test_what_a_role_opens_is_said_in_the_language_of_the_page() -> None:
    with speaking("de"):
        told = [str(label) for _, label, *_ in InvitationForm().role.iter_choices()]
    assert told[0] == "Inhaber: Alles, auch Auszahlungsdaten und wer hier arbeitet."


def test_the_invitation_names_who_invites_and_the_role(adas_browser: FlaskClient, ada: Vendor) -> None:
    adas_browser.post("/portal/staff", data=INVITATION)
    with db.system() as session:
        mail = session.scalars(select(Email).where(Email.kind == "vendor_staff_invited")).one()
        assert "Ada invites you to work for Ada's Ceramics" in mail.text_body
        assert "Your role: Orders" in mail.text_body
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("staff.%"))).all() == [
            "staff.invite"
        ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"email": "ada@EXAMPLE.com"}, "works here already"),
        ({"email": "nobody"}, "does not look like an e-mail address"),
        ({"role": "sweeper"}, "Not a valid choice"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_beside_the_field(
    adas_browser: FlaskClient, ada: Vendor, change: dict[str, str], words: str
) -> None:
    answer = adas_browser.post("/portal/staff", data=INVITATION | change)
    assert answer.status_code == 422
    assert words in answer.text
    assert emails_of(ada) == ["ada@example.com"]


def test_a_changed_role_counts_from_the_next_click(app: Flask, adas_browser: FlaskClient, ada: Vendor) -> None:
    adas_browser.post("/portal/staff", data=INVITATION)
    cleo, cleo_id = accept(app, "cleo@example.com"), id_of("cleo@example.com")
    assert adas_browser.post(f"/portal/staff/{cleo_id}/role", data={"role": "viewer"}).status_code == 303
    page = cleo.get("/portal/money")
    assert page.status_code == 200
    assert "change nothing" in page.text


def test_a_removed_person_is_out_at_once(app: Flask, adas_browser: FlaskClient, ada: Vendor) -> None:
    adas_browser.post("/portal/staff", data=INVITATION)
    cleo = accept(app, "cleo@example.com")
    assert adas_browser.post(f"/portal/staff/{id_of('cleo@example.com')}/remove").status_code == 303
    assert cleo.get("/portal/orders").headers["Location"].startswith("/portal/login")
    cleo.post("/portal/login", data={"email": "cleo@example.com"})
    assert mailed_links("cleo@example.com") == []


def test_there_is_always_an_owner(adas_browser: FlaskClient, ada: Vendor) -> None:
    ada_id = id_of(ada.email)
    assert adas_browser.post(f"/portal/staff/{ada_id}/remove").status_code == 409
    assert adas_browser.post(f"/portal/staff/{ada_id}/role", data={"role": "viewer"}).status_code == 409
    adas_browser.post("/portal/staff", data=INVITATION | {"role": "owner"})
    assert adas_browser.post(f"/portal/staff/{ada_id}/role", data={"role": "viewer"}).status_code == 303
    assert adas_browser.get("/portal/staff").status_code == 403


def test_staff_of_another_vendor_are_not_there(app: Flask, adas_browser: FlaskClient, bea: Vendor) -> None:
    bea_id = id_of(bea.email)
    for path in (f"/portal/staff/{bea_id}/role", f"/portal/staff/{bea_id}/remove"):
        assert adas_browser.post(path, data={"role": "viewer"}).status_code == 404
    assert signed_in(app, bea).get("/portal/staff").status_code == 200


def accept(app: Flask, address: str) -> FlaskClient:
    """The browser of somebody who opened the invitation that was mailed to them."""
    with db.system() as session:
        user = session.scalars(select(VendorUser).where(VendorUser.email == address)).one()
        link = magic_links.issue_link(session, user.shop_id, address)
    client = app.test_client()
    client.environ_base |= {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT": "text/html"}
    assert client.post(path_of(link)).status_code == 303
    return client


def emails_of(vendor: Vendor) -> list[str]:
    with db.system() as session:
        return list(session.scalars(select(VendorUser.email).where(VendorUser.vendor_id == vendor.id)))


def id_of(address: str) -> int:
    with db.system() as session:
        return session.scalars(select(VendorUser.id).where(VendorUser.email == address)).one()


@pytest.mark.parametrize("how", ["remove", "role"])
def test_an_owner_who_goes_keeps_no_way_in(
    app: Flask, acme: Shop, adas_browser: FlaskClient, ada: Vendor, how: str
) -> None:
    """A connected customer account comes in as an owner, whoever connected it; a token asks for no role at all."""
    adas_browser.post("/portal/staff", data=INVITATION | {"role": "owner"})
    accept(app, "cleo@example.com")
    cleo_id = id_of("cleo@example.com")
    connect(ada, 77)
    with db.scoped(acme.id) as session:
        _, cleos = make_token(
            session, acme.id, "Mine", [Scope.ORDERS_READ], actor=f"vendor_user:{cleo_id}", vendor_id=ada.id
        )
        _, adas = make_token(session, acme.id, "Till", [Scope.ORDERS_READ], actor="vendor_user:0", vendor_id=ada.id)
    assert adas_browser.post(f"/portal/staff/{cleo_id}/{how}", data={"role": "viewer"}).status_code == 303
    assert address_in(ask_storefront(app, acme, "77")).startswith("/portal/login")
    answers = [
        app.test_client().get("/api/v1/orders", headers={"Authorization": f"Bearer {token}"}).status_code
        for token in (cleos, adas)
    ]
    assert answers == [401, 200]
