"""Two of the staff have the same form open: whoever saves second is told who was first."""

import json
import re
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import select

from app import db
from app.models.shops import Shop
from tests.architecture.polaris import lint_polaris
from tests.auth.test_staff import app, grant, mona, sam
from tests.commissions.test_money_settings import EMPTY, WANTED
from tests.conftest import make_vendor
from tests.emails.test_wording_pages import PAGE, WORDS
from tests.shops.test_settings import GOOD

__all__ = ["app", "mona", "sam"]

_SEEN = re.compile(r'name="seen" value="(\d*)"')


@dataclass(frozen=True)
class Form:
    """A page's form as somebody sends it; `field` is what two people write differently."""

    page: str
    rest: dict[str, str]
    field: str
    mine: str
    theirs: str


RULE = {"name": "Bowls", "rate": "9", "tags": "bowl"}
FORMS = [
    Form("/app/settings", GOOD, "mail_from_name", "Mona's", "Sam's"),
    Form("/app/settings/money", WANTED, "reserve_days", "30", "60"),
    Form("/app/settings/money/vendors/{vendor}", EMPTY, "fee_tax", "7", "19"),
    Form("/app/commissions/2", RULE, "name", "Deep bowls", "Flat bowls"),
    Form(PAGE, WORDS, "heading", "Not this time", "Next time"),
    Form("/app/review/rules/{rule}", {"kind": "any", "is_on": "y"}, "name", "All of them", "None of them"),
]


def look(client: FlaskClient, page: str) -> str:
    found = _SEEN.search(client.get(page).text)
    assert found
    return found[1]


def shows(html: str, words: str) -> bool:
    """Whether a field holds these words."""
    return f'value="{escape(words)}"' in html


@pytest.fixture
def places(mona: FlaskClient, sam: FlaskClient) -> dict[str, int]:
    """What the addresses of the pages name."""
    with db.system() as session:
        shop = session.scalars(select(Shop)).one()
    assert grant(mona, "43", "everything") == 200
    assert mona.get("/app/commissions").status_code == 200  # which brings the default rule
    assert mona.post("/app/commissions/new", data=RULE).status_code == 200
    assert mona.post("/app/review/rules/new", data={"name": "All", "kind": "any", "is_on": "y"}).status_code == 200
    rule = re.search(r"/app/review/rules/(\d+)", mona.get("/app/review/rules").text)
    assert rule
    return {"vendor": make_vendor(shop, "Ada's Ceramics", "ada@example.com").id, "rule": int(rule[1])}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.page)
def test_of_two_who_save_the_second_is_told_and_decides(
    mona: FlaskClient, sam: FlaskClient, places: dict[str, int], form: Form
) -> None:
    page = form.page.format(**places)
    seen_by_mona, seen_by_sam = look(mona, page), look(sam, page)
    first = mona.post(page, data=form.rest | {form.field: form.mine, "seen": seen_by_mona})
    assert first.status_code == 200

    second = sam.post(page, data=form.rest | {form.field: form.theirs, "seen": seen_by_sam})
    assert second.status_code == 409
    assert (
        "Mona Merchant saved this while you had it open" in json.loads(second.headers["HX-Trigger"])["toast"]["message"]
    )
    assert shows(second.text, form.theirs)
    assert lint_polaris(second.text) == []
    assert not shows(mona.get(page).text, form.theirs)

    now = _SEEN.search(second.text)
    assert now
    third = sam.post(page, data=form.rest | {form.field: form.theirs, "seen": now[1]})
    assert third.status_code == 200
    assert shows(mona.get(page).text, form.theirs)


def test_a_form_with_a_mistake_still_knows_what_it_was_filled_from(
    mona: FlaskClient, sam: FlaskClient, places: dict[str, int]
) -> None:
    page = f"/app/review/rules/{places['rule']}"
    seen = look(sam, page)
    mona.post(page, data={"name": "Some", "kind": "any", "seen": look(mona, page)})
    refused = sam.post(page, data={"name": "", "kind": "any", "seen": seen})
    assert refused.status_code == 422
    found = _SEEN.search(refused.text)
    assert found
    assert sam.post(page, data={"name": "Mine", "kind": "any", "seen": found[1]}).status_code == 409


def test_who_saves_twice_in_one_window_is_told_of_nobody(mona: FlaskClient) -> None:
    seen = look(mona, "/app/settings")
    for days in ("8", "9"):
        answer = mona.post("/app/settings", data=GOOD | {"hold_days": days, "seen": seen})
        assert answer.status_code == 200
        found = _SEEN.search(answer.text)
        assert found
        seen = found[1]


def test_another_window_of_the_same_person_is_named_as_such(mona: FlaskClient) -> None:
    seen = look(mona, "/app/settings")
    mona.post("/app/settings", data=GOOD | {"seen": seen})
    told = mona.post("/app/settings", data=GOOD | {"hold_days": "9", "seen": seen})
    assert told.status_code == 409
    assert "You saved this in another window" in told.headers["HX-Trigger"]
