"""What the merchant asks of applicants, in the storefront's form: shown, checked, kept with the application."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.models.questions import QuestionKind, VendorAnswer, VendorQuestion
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.shopify.tokens import ShopCredentials
from app.vendors import questions
from tests.apps import get_app
from tests.shopify.fake import FakeShopify, data
from tests.shopify.signing import sign_proxy

ADA = {"name": "Ada's Ceramics", "contact_name": "Ada", "email": "ada@example.com", "what_they_sell": "Mugs"}


@pytest.fixture
def browser(connected: ShopCredentials, shopify: FakeShopify) -> FlaskClient:
    shopify.answer("metaobjects", data(metaobjects={"nodes": []}))
    return get_app().test_client()


@pytest.fixture
def asked(browser: FlaskClient, connected: ShopCredentials) -> dict[str, VendorQuestion]:
    """A text, a choice and a document for applicants, and one that is asked later."""
    kinds = [
        ("text", QuestionKind.TEXT, True, True),
        ("choice", QuestionKind.CHOICE, False, True),
        ("file", QuestionKind.FILE, True, True),
        ("later", QuestionKind.TEXT, True, False),
    ]
    added = {}
    with db.scoped(connected.shop_id) as session:
        for name, kind, needed, now in kinds:
            said = {"kind": kind, "label": f"The {name}", "hint": "", "choices": "Clay\nWood", "actor": "system"}
            added[name] = questions.add_question(session, connected.shop_id, is_required=needed, **said)
            added[name].at_application = now
    return added


def send(browser: FlaskClient, **more: str) -> tuple[int, dict[str, object]]:
    answer = browser.post(f"/proxy/apply?{sign_proxy()}", json={**ADA, **more})
    return answer.status_code, answer.get_json()


def answers_of(shop_id: int) -> dict[int, str]:
    with db.scoped(shop_id) as session:
        return {row.question_id: row.words for row in session.scalars(select(VendorAnswer))}


def test_the_form_is_told_what_to_ask_and_not_what_is_asked_later(
    browser: FlaskClient, asked: dict[str, VendorQuestion]
) -> None:
    told = browser.get(f"/proxy/apply?{sign_proxy()}").get_json()["questions"]
    assert [(each["label"], each["kind"], each["required"]) for each in told] == [
        ("The text", "text", True),
        ("The choice", "choice", False),
        ("The file", "file", True),
    ]
    assert told[1]["choices"] == ["Clay", "Wood"]


def test_answers_are_kept_with_the_application_and_documents_named(
    browser: FlaskClient, asked: dict[str, VendorQuestion], connected: ShopCredentials
) -> None:
    words = {f"q{asked['text'].id}": "Stoneware\r\n", f"q{asked['choice'].id}": "Clay"}
    status, told = send(browser, **words)
    assert (status, told["ok"]) == (200, True)
    assert str(told["message"]).endswith("Then send from your vendor pages: The file.")
    assert answers_of(connected.shop_id) == {asked["text"].id: "Stoneware", asked["choice"].id: "Clay"}


def test_braces_in_a_question_are_no_liquid_in_the_page_that_names_it(
    browser: FlaskClient, connected: ShopCredentials
) -> None:
    with db.scoped(connected.shop_id) as session:
        said = {"kind": "file", "label": "{{ shop.email }}", "hint": "", "choices": "", "actor": "system"}
        questions.add_question(session, connected.shop_id, is_required=True, **said).at_application = True
    page = browser.post(f"/proxy/apply?{sign_proxy()}", data=ADA)
    assert (page.status_code, page.content_type) == (200, "application/liquid")
    assert "&#123;&#123; shop.email" in page.text
    assert "{" not in page.text


def test_a_wrong_answer_is_said_beside_its_question_and_nobody_has_applied(
    browser: FlaskClient, asked: dict[str, VendorQuestion], connected: ShopCredentials
) -> None:
    empty, odd = f"q{asked['text'].id}", f"q{asked['choice'].id}"
    status, told = send(browser, **{empty: "  ", odd: "Plastic"}, email="not an address")
    assert status == 422
    assert told["errors"] == {
        "email": "This does not look like an e-mail address. Check it for typing mistakes.",
        empty: "Answer this, too.",
        odd: "Choose one of the answers.",
    }
    with db.scoped(connected.shop_id) as session:
        assert session.scalars(select(Vendor)).all() == []


def test_a_form_without_its_script_leaves_the_questions_for_the_vendor_pages(
    browser: FlaskClient, asked: dict[str, VendorQuestion], connected: ShopCredentials
) -> None:
    assert send(browser)[0] == 200
    assert answers_of(connected.shop_id) == {}
    with db.scoped(connected.shop_id) as session:
        vendor = session.scalars(select(Vendor)).one()
        assert questions.count_open(session, vendor) == 3


def test_a_stranger_changes_no_answers_of_a_vendor_by_applying_in_their_name(
    browser: FlaskClient, asked: dict[str, VendorQuestion], connected: ShopCredentials, acme: Shop
) -> None:
    name = f"q{asked['text'].id}"
    send(browser, **{name: "Stoneware"})
    status, told = send(browser, **{name: "Forged"})
    assert (status, told["ok"]) == (200, True)
    assert list(answers_of(connected.shop_id).values()) == ["Stoneware"]
