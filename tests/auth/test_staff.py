"""The shop's staff: who they are, what their role opens, and who may change that."""

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db, web
from app.auth.staff_roles import _PLACES, Part, StaffRole, may, may_open, part_of
from app.models.events import AuditEntry
from app.models.shops import Shop
from app.models.staff import StaffMember
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import sign_id_token


@pytest.fixture(scope="module")
def app() -> Flask:
    return get_app()


@pytest.fixture
def mona(app: Flask, database: str, shopify: FakeShopify) -> FlaskClient:
    """The store's owner."""
    return comes_in(app, "42")


@pytest.fixture
def sam(app: Flask, mona: FlaskClient, shopify: FakeShopify) -> FlaskClient:
    """Somebody who came later."""
    shopify.staff = {"first_name": "Sam", "last_name": "", "email": "sam@acme.example", "account_owner": False}
    return comes_in(app, "43")


def comes_in(app: Flask, number: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {sign_id_token(sub=number)}"
    assert client.get("/app").status_code == 200
    return client


def member(number: str) -> StaffMember:
    with db.system() as session:
        return session.scalars(select(StaffMember).where(StaffMember.number == number)).one()


def grant(mona: FlaskClient, number: str, role: str) -> int:
    return mona.post(f"/app/settings/staff/{member(number).id}", data={"role": role}).status_code


@pytest.mark.parametrize("role", ["sweeper", "", "EVERYTHING"])
def test_an_unknown_role_opens_nothing(role: str) -> None:
    assert not any(may(role, part, change=change) for part in Part for change in (False, True))


def test_what_a_role_changes_it_sees() -> None:
    assert all(may(role, part) for role in StaffRole for part in Part if may(role, part, change=True))


def test_only_everything_reaches_staff_and_keys() -> None:
    assert [role for role in StaffRole if may(role, Part.KEYS)] == [StaffRole.EVERYTHING]
    assert not any(may(StaffRole.VIEWER, part, change=True) for part in Part)


def test_a_page_that_nobody_listed_needs_everything() -> None:
    assert part_of("/app/new-thing") is Part.KEYS
    assert part_of("/app/orders-archive") is Part.KEYS
    assert part_of("/app/settings/money/vendors/7") is Part.MONEY
    assert part_of("/app/events.csv") is Part.SHOP
    assert not may_open(StaffRole.ORDERS, "/app/vendors/7/figures")
    assert may_open(StaffRole.ORDERS, "/app/vendors/7")


@pytest.mark.parametrize("path", ["/app/orders/7/dispute/9/bearer", "/app/orders/7/flags/lift"])
def test_who_bears_what_of_an_order_is_decided_by_those_who_see_to_money(path: str) -> None:
    deciding = {role for role in StaffRole if may_open(role, path, change=True)}
    assert deciding == {StaffRole.EVERYTHING, StaffRole.MONEY}
    assert may_open(StaffRole.ORDERS, "/app/orders/7/cancellations/9/approve", change=True)


def test_every_page_of_the_merchant_has_its_part_on_purpose(app: Flask) -> None:
    pages = [r for r in app.url_map.iter_rules() if web.door_of(r.endpoint.rpartition(".")[0]) == "merchant"]
    unlisted = {str(r) for r in pages if part_of(str(r)) is Part.KEYS and not str(r).startswith(tuple(_PLACES))}
    assert unlisted == {"/app/<path:missing>"}


def test_the_first_person_may_do_everything_and_the_next_only_looks(mona: FlaskClient, sam: FlaskClient) -> None:
    assert [(member(number).called, member(number).role) for number in ("42", "43")] == [
        ("Mona Merchant", "everything"),
        ("Sam", "viewer"),
    ]
    page = mona.get("/app/settings/staff")
    assert (page.status_code, lint_polaris(page.text)) == (200, [])
    assert ("Sam" in page.text, "Store owner" in page.text) == (True, True)
    assert sam.get("/app/orders").status_code == 200
    refused = sam.post("/app/settings", data={"hold_days": "1"}, headers={"Accept": "text/html"})
    assert refused.status_code == 403
    assert "Your role here is “Read only”, so you cannot change this. Mona Merchant can change that" in refused.text


def test_a_role_opens_its_own_pages_and_the_navigation_shows_no_others(mona: FlaskClient, sam: FlaskClient) -> None:
    assert grant(mona, "43", "orders") == 200
    opened = {path: sam.get(path).status_code for path in ("/app/orders", "/app/vendors", "/app/payouts", "/app/api")}
    assert opened == {"/app/orders": 200, "/app/vendors": 200, "/app/payouts": 403, "/app/api": 403}
    home = sam.get("/app").text
    assert lint_polaris(home) == []
    assert ("/app/orders" in home, "/app/payouts" in home, "Your commission" in home) == (True, False, False)
    assert grant(mona, "43", "money") == 200
    home = sam.get("/app").text
    assert ("/app/payouts" in home, "Your commission" in home) == (True, True)


def test_only_staff_with_everything_change_roles_and_one_is_always_left(mona: FlaskClient, sam: FlaskClient) -> None:
    assert grant(sam, "43", "everything") == 403
    assert grant(mona, "42", "viewer") == 409
    assert grant(mona, "43", "everything") == 200
    assert grant(mona, "43", "sweeper") == 422
    assert grant(sam, "43", "viewer") == 200
    with db.system() as session:
        told = session.execute(
            select(AuditEntry.actor, AuditEntry.changes).where(AuditEntry.action == "staff.change_rights")
        ).all()
    assert [(actor, changes["role"]) for actor, changes in told] == [
        ("staff:42", ["viewer", "everything"]),
        ("staff:43", ["everything", "viewer"]),
    ]


def test_newcomers_start_with_what_the_shop_chose(
    app: Flask, mona: FlaskClient, sam: FlaskClient, shopify: FakeShopify
) -> None:
    assert mona.post("/app/settings/staff/newcomers", data={"role": "vendors"}).status_code == 200
    shopify.staff = {**shopify.staff, "first_name": "Tess"}
    comes_in(app, "44")
    assert member("44").role == "vendors"
    assert "Role of new staff" in mona.get("/app/settings").text


def test_nobody_is_kept_out_because_shopify_tells_no_name(app: Flask, mona: FlaskClient, shopify: FakeShopify) -> None:
    shopify.staff_answer = httpx.Response(500)
    comes_in(app, "45")
    assert member("45").called == "Staff member 45"


def test_another_shops_staff_are_out_of_reach(mona: FlaskClient, zenith: Shop) -> None:
    with db.scoped(zenith.id) as session:
        session.add(StaffMember(shop_id=zenith.id, number="9", name="Zoe", role="viewer"))
    assert grant(mona, "9", "everything") == 404
    assert "Zoe" not in mona.get("/app/settings/staff").text


def test_who_only_looks_can_start_no_visit(mona: FlaskClient, sam: FlaskClient) -> None:
    with db.system() as session:
        shop = session.scalars(select(Shop)).one()
    seller = make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    assert sam.get(f"/app/vendors/{seller.id}").status_code == 200
    assert sam.post(f"/app/vendors/{seller.id}/visit", data={"kind": "look"}).status_code == 403
