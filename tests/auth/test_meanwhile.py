"""Two of the staff have the same form open: whoever saves second is told who was first."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text

from app import db
from app.auth import installation
from app.models.events import AuditEntry
from app.models.shops import Shop
from tests.auth.test_staff import app, grant, mona, sam
from tests.commissions.test_money_settings import EMPTY, WANTED
from tests.conftest import make_vendor
from tests.emails.test_wording_pages import PAGE, WORDS
from tests.shopify.fake import FakeShopify, data, list_of
from tests.shops.test_settings import GOOD

__all__ = ["app", "mona", "sam"]

PAY, BILLS = "/app/payouts/settings", "/app/payouts/invoices"
TEMPLATES = Path(__file__).parents[2] / "app" / "templates" / "merchant"
ADDS = {"books/adjustments.html"}
"""Whose forms change nothing that is there."""


@dataclass(frozen=True)
class Form:
    """What somebody sends of a page: all of it, and the fields that two people choose differently."""

    page: str
    rest: Mapping[str, Any]
    mine: Mapping[str, Any]
    theirs: Mapping[str, Any]
    path: str = ""
    """Where it is sent, when that is not the page."""


RULE = {"name": "Bowls", "rate": "9", "tags": "bowl"}
MAILINGS = {"vendors_every_days": "7", "wishlist_every_days": "1", "cart_after_hours": "4"}
REVIEWS = {"ask_after_days": "3", "publish_from_stars": "1"}
SCHEDULE = {"weekday": "1", "month_day": "1"}
PAYER = {"iban": "DE89370400440532013000"}
INVOICES = {"invoice_address": "Here 1", "invoice_prefix": "F"}
TICKED, ELSEWHERE = "gid://shopify/Publication/2", "gid://shopify/Publication/3"
FORMS = [
    Form("/app/settings", GOOD, {"mail_from_name": "Mona's"}, {"mail_from_name": "Sam's"}),
    Form("/app/settings/money", WANTED, {"reserve_days": "30"}, {"reserve_days": "60"}),
    Form("/app/settings/money/vendors/{vendor}", EMPTY, {"fee_tax": "7"}, {"fee_tax": "19"}),
    Form("/app/settings/channels", {}, {"channel": [TICKED]}, {"channel": [ELSEWHERE]}),
    Form("/app/settings/locations", {}, {"location": ["{attic}"]}, {"location": ["{cellar}"]}),
    Form("/app/settings/mailings", MAILINGS, {"cart_after_hours": "5"}, {"cart_after_hours": "6"}),
    Form("/app/settings/notifications", {}, {"orders-email": "y"}, {"orders-app": "y"}),
    Form("/app/reviews/settings", REVIEWS, {"ask_after_days": "5"}, {"ask_after_days": "6"}),
    Form("/app/commissions/{commission}", RULE, {"name": "Deep bowls"}, {"name": "Flat bowls"}),
    Form("/app/commissions", {}, {"order": "{turned}"}, {"order": "{as_made}"}, "/app/commissions/order"),
    Form(PAGE, WORDS, {"heading": "Not this time"}, {"heading": "Next time"}),
    Form("/app/review/rules/{rule}", {"kind": "any", "is_on": "y"}, {"name": "All of them"}, {"name": "None of them"}),
    Form(PAY, SCHEDULE, {"schedule": "weekly"}, {"schedule": "monthly"}, f"{PAY}/schedule"),
    Form(PAY, PAYER, {"name": "Mona"}, {"name": "Sam"}, f"{PAY}/payer"),
    Form(BILLS, INVOICES, {"invoice_name": "Mona"}, {"invoice_name": "Sam"}, f"{BILLS}/settings"),
]
HAVE_AMOUNTS = {
    "/app/settings",
    "/app/settings/money",
    "/app/settings/money/vendors/{vendor}",
    "/app/commissions/{commission}",
    "/app/review/rules/{rule}",
}

MANY_OTHERS = text(
    "INSERT INTO audit_entries (shop_id, actor, action, subject_type, subject_id, at)"
    " SELECT :shop, 'system', 'product.approve', 'product', number, now() FROM generate_series(1, 20000) AS number"
)


def look(client: FlaskClient, page: str, path: str = "") -> str:
    """What the form that is sent to `path` carries."""
    html = client.get(page).text
    found = re.search(rf'hx-post="{path or page}".*?name="seen" value="(\d*)"', html, re.DOTALL)
    assert found, html
    return found[1]


def saves() -> int:
    with db.system() as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def test_every_form_that_changes_something_carries_what_it_was_filled_from() -> None:
    forms = {path.relative_to(TEMPLATES).as_posix(): path.read_text() for path in TEMPLATES.rglob("*.html")}
    open_ones = {
        name
        for name, html in forms.items()
        for form in html.split("<form ")[1:]
        if "data-save-bar" in form.split(">")[0] and 'name="seen"' not in form.split("</form>")[0]
    }
    assert open_ones == ADDS


@pytest.fixture
def places(mona: FlaskClient, sam: FlaskClient, shopify: FakeShopify) -> dict[str, Any]:
    """What the addresses of the pages and the fields name."""
    with db.system() as session:
        shop = session.scalars(select(Shop)).one()
    rooms = [{"id": f"gid://shopify/Location/{name}", "name": name, "isActive": True} for name in ("Attic", "Cellar")]
    shopify.answer("locations", data(locations=list_of(rooms)))
    attic, cellar = re.findall(r'name="location" value="(\d+)"', mona.get("/app/settings/locations").text)
    channels = [{"id": gid, "name": gid} for gid in (TICKED, ELSEWHERE)]
    shopify.answer("publications", data(publications=list_of(channels)))
    assert grant(mona, "43", "everything") == 200
    assert mona.get("/app/commissions").status_code == 200  # which brings the default rule
    made = [mona.post("/app/commissions/new", data=RULE | {"name": name}) for name in ("Bowls", "Cups")]
    assert [answer.status_code for answer in made] == [200, 200]
    order = re.findall(r'data-number="(\d+)"', mona.get("/app/commissions").text)
    assert mona.post("/app/review/rules/new", data={"name": "All", "kind": "any", "is_on": "y"}).status_code == 200
    rule = re.search(r"/app/review/rules/(\d+)", mona.get("/app/review/rules").text)
    assert rule
    return {
        "shop": shop.id,
        "vendor": make_vendor(shop, "Ada's Ceramics", "ada@example.com").id,
        "attic": attic,
        "cellar": cellar,
        "commission": order[0],
        "as_made": ",".join(order),
        "turned": ",".join(reversed(order)),
        "rule": rule[1],
    }


def filled(fields: Mapping[str, Any], places: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [one.format(**places) for one in value] if isinstance(value, list) else value.format(**places)
        for name, value in fields.items()
    }


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.path or form.page)
def test_of_two_who_save_the_second_is_told_and_decides(
    mona: FlaskClient, sam: FlaskClient, places: dict[str, Any], form: Form
) -> None:
    page, path = form.page.format(**places), (form.path or form.page).format(**places)
    mine, theirs = ({**form.rest, **filled(fields, places)} for fields in (form.mine, form.theirs))
    seen_by_mona, seen_by_sam = look(mona, page, path), look(sam, page, path)
    first = mona.post(path, data={**mine, "seen": seen_by_mona})
    assert first.status_code == 200
    after_first = saves()

    second = sam.post(path, data={**theirs, "seen": seen_by_sam}, headers={"HX-Request": "true"})
    assert second.status_code == 409
    told = json.loads(second.headers["HX-Trigger"])["toast"]["message"]
    assert "Mona Merchant saved this while you had it open" in told
    assert second.headers["HX-Reswap"] == "none", "what was typed stays on the screen"
    assert saves() == after_first

    third = sam.post(path, data={**theirs, "seen": second.headers["Seen"]}, headers={"HX-Request": "true"})
    assert third.status_code == 200
    assert saves() == after_first + 1


def test_a_form_with_a_mistake_still_knows_what_it_was_filled_from(
    mona: FlaskClient, sam: FlaskClient, places: dict[str, int]
) -> None:
    page = f"/app/review/rules/{places['rule']}"
    seen = look(sam, page)
    refused = sam.post(page, data={"name": "", "kind": "any", "seen": seen})
    assert refused.status_code == 422
    assert f'name="seen" value="{seen}"' in refused.text
    mona.post(page, data={"name": "Some", "kind": "any", "seen": look(mona, page)})
    tried = sam.post(f"{page}?do=try", data={"name": "Mine", "kind": "any", "seen": seen})
    assert f'name="seen" value="{seen}"' in tried.text, "trying is no saving"
    assert sam.post(page, data={"name": "Mine", "kind": "any", "seen": seen}).status_code == 409


def test_who_saves_twice_in_one_window_is_told_of_nobody(mona: FlaskClient) -> None:
    seen = look(mona, "/app/settings")
    for days in ("8", "9"):
        answer = mona.post("/app/settings", data=GOOD | {"hold_days": days, "seen": seen})
        assert answer.status_code == 200
        found = re.search(r'name="seen" value="(\d+)"', answer.text)
        assert found
        seen = found[1]


def test_the_newest_save_is_found_without_a_walk_through_the_log(mona: FlaskClient, places: dict[str, Any]) -> None:
    asked: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT audit_entries.id, ") and parameters.get("param_1") == 1:
            asked[statement] = parameters

    with db.get_engine().begin() as connection:
        connection.execute(MANY_OTHERS, {"shop": places["shop"]})
    with db.get_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE audit_entries"))
        event.listen(db.get_engine(), "before_cursor_execute", note)
        for page in {form.page.format(**places) for form in FORMS}:
            assert mona.get(page).status_code == 200
        event.remove(db.get_engine(), "before_cursor_execute", note)
        plans = {
            statement: "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
            for statement, parameters in asked.items()
        }
    assert len(plans) > 5
    # By action the newest comes first; those about one rule are few, and sorted as fast: statistics decide.
    found_by_index = re.compile("ix_audit_entries_shop_id_(action_id|subject_type_subject_id)")
    assert [plan for plan in plans.values() if not found_by_index.search(plan)] == []
    assert [plan for plan in plans.values() if "BitmapOr" in plan] == [], "one index says it all"


def test_what_has_a_form_of_its_own_is_no_save_of_the_settings(mona: FlaskClient) -> None:
    seen = look(mona, "/app/settings")
    assert mona.post("/app/settings/staff/newcomers", data={"role": "orders"}).status_code == 200
    assert mona.post("/app/settings", data=GOOD | {"seen": seen}).status_code == 200


def test_another_window_of_the_same_person_is_named_as_such(mona: FlaskClient) -> None:
    seen = look(mona, "/app/settings")
    mona.post("/app/settings", data=GOOD | {"seen": seen})
    told = mona.post("/app/settings", data=GOOD | {"hold_days": "9", "seen": seen}, headers={"HX-Request": "true"})
    assert told.status_code == 409
    assert "You saved this in another window" in told.headers["HX-Trigger"]


@pytest.mark.parametrize("form", [form for form in FORMS if form.page in HAVE_AMOUNTS], ids=lambda form: form.page)
def test_amounts_that_were_typed_in_another_currency_are_looked_at_once_more(
    mona: FlaskClient, places: dict[str, Any], form: Form
) -> None:
    page = form.page.format(**places)
    sent = {**form.rest, **filled(form.mine, places), "seen": look(mona, page)}
    with db.scoped(places["shop"]) as session:
        installation._take_currency(session, session.get_one(Shop, places["shop"]), "EUR")
    before = saves()
    refused = mona.post(page, data=sent, headers={"HX-Request": "true"})
    assert refused.status_code == 409
    assert "currency became EUR while you had this open" in refused.headers["HX-Trigger"]
    assert saves() == before
    again = mona.post(page, data=sent | {"seen": refused.headers["Seen"]}, headers={"HX-Request": "true"})
    assert again.status_code == 200
