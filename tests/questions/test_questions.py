"""A customer asks, proves who they are, and gets an answer; the vendor never learns their address."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, crypto, db
from app.auth import limits
from app.config import get_config
from app.errors import Conflict
from app.models.customer_questions import Question, QuestionAsker, QuestionState
from app.models.emails import Email
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.questions import service
from app.queue import get_redis
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.portal.conftest import signed_in
from tests.privacy.conftest import CLEO
from tests.reviews.conftest import Street, browser, goods, merchant, office, post, store, street
from tests.shopify.signing import sign_proxy

__all__ = ["browser", "goods", "merchant", "office", "post", "store", "street"]

ADA = "adas-ceramics"
ASKED = {"key": "k" * 20, "vendor": ADA, "words": "Is it safe\nfor the dishwasher?", "name": "Dan", "show": True}


@pytest.fixture
def app(database: str) -> Flask:
    return get_app()


def ask(browser: FlaskClient, customer: str = "", shop: str = "acme", **more: Any) -> Any:
    query = sign_proxy(f"{shop}.myshopify.com", logged_in_customer_id=customer)
    return browser.post(f"/proxy/questions?{query}", json={**ASKED, "email": "dan@example.com", **more})


def shown(browser: FlaskClient, customer: str = "", **params: Any) -> Any:
    query = sign_proxy(logged_in_customer_id=customer, vendor=ADA, **params)
    return browser.get(f"/proxy/questions.json?{query}").json


def mails(kind: str) -> list[Email]:
    with db.system() as session:
        return list(session.scalars(select(Email).where(Email.kind == kind).order_by(Email.id)))


def the_question() -> Question:
    with db.system() as session:
        return session.scalars(select(Question)).one()


def confirm(browser: FlaskClient) -> None:
    link = re.search(r"/letters/question/[\w.-]+", mails("customer_question_confirm")[-1].text_body)
    assert link
    assert "Is it safe" in browser.get(link[0]).text
    assert browser.post(link[0]).status_code == 303
    assert "has your question" in browser.get(f"{link[0]}?sent=1").text


def test_a_stranger_proves_the_address_before_anybody_reads_the_question(
    browser: FlaskClient, ada: Vendor, app: Flask
) -> None:
    assert ask(browser).json == {"ok": True, "confirm": True}
    (mail,) = mails("customer_question_confirm")
    assert mail.to_address == "dan@example.com"
    assert "dishwasher" not in mail.text_body, "nobody sends words of theirs to an address that may be anybody's"
    assert "Dan" not in mail.text_body
    portal = signed_in(app, ada)
    assert "dishwasher" not in portal.get("/portal/customer-questions").text
    confirm(browser)
    assert "dishwasher" in portal.get("/portal/customer-questions").text
    (told,) = mails("vendor_question")
    assert (told.to_address, "dan@example.com" in told.text_body) == (ada.email, False)
    confirm(browser)
    assert len(mails("vendor_question")) == 1


def test_a_customer_with_an_order_is_known_and_asks_at_once(street: Street, ada: Vendor, browser: FlaskClient) -> None:
    cleo = str(street.buy()["customer_id"])
    assert shown(browser, cleo)["known"] is True
    assert shown(browser, "1")["known"] is False
    assert ask(browser, cleo, email="").json == {"ok": True, "confirm": False}
    with db.scoped(street.shop.id) as session:
        asker = session.scalars(select(QuestionAsker)).one()
    assert (asker.email, asker.customer_id) == (CLEO, int(cleo))
    assert the_question().state is QuestionState.OPEN


def test_the_same_question_sent_again_is_one(browser: FlaskClient, ada: Vendor) -> None:
    for _ in range(3):
        assert ask(browser).json["ok"]
    assert len(mails("customer_question_confirm")) == 1
    assert the_question().words == ASKED["words"]


def test_nobody_has_a_stranger_written_to_over_and_over(browser: FlaskClient, ada: Vendor) -> None:
    spelt = ("dan@example.com", "DAN@example.com", "dan+1@example.com", "Dan+2@example.com", "dAn@Example.com")
    for number, email in enumerate(spelt):
        assert ask(browser, key=f"{number}" * 20, email=email).status_code == 200
    assert ask(browser, key="a" * 20, email="daN+3@example.com").status_code == 429
    redis = get_redis()
    for key in redis.scan_iter("limit:ask:*"):
        redis.delete(key)  # an hour later
    later = ask(browser, key="b" * 20)
    assert (later.status_code, "tomorrow" in later.json["message"]) == (429, True)
    assert ask(browser, key="c" * 20, email="eve@example.com").status_code == 200


def test_a_flood_of_strangers_shuts_no_customer_out(street: Street, ada: Vendor, browser: FlaskClient) -> None:
    cleo = str(street.buy()["customer_id"])
    limits.spend("ask-all", street.shop.domain, limit=120, seconds=600, tries=120)
    assert ask(browser, key="s" * 20).status_code == 429
    assert ask(browser, cleo, email="").json == {"ok": True, "confirm": False}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"words": " "}, "words"), ({"words": "x" * 1001}, "words"), ({"email": "dan"}, "email"),
     ({"name": "n" * 61}, "name"), ({"words": None}, "words"), ({"email": ["a"]}, "email")],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(
    browser: FlaskClient, ada: Vendor, wrong: dict[str, Any], field: str
) -> None:
    answer = ask(browser, **wrong)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_no_form_no_key_no_vendor_no_question(browser: FlaskClient, ada: Vendor, zenith: Shop) -> None:
    assert browser.post(f"/proxy/questions?{sign_proxy()}", data=ASKED).status_code == 400
    assert ask(browser, key="short").status_code == 400
    for vendor in ("nobody", "\ud800", "a\0b", ["x"], None):
        assert ask(browser, vendor=vendor).status_code == 404
    assert ask(browser, shop="zenith").status_code == 404
    for number in range(6):
        last = ask(browser, key=f"{number}" * 20)
    assert last.status_code == 429


def test_an_answer_goes_to_the_asker_and_is_shown_only_if_they_agreed(
    browser: FlaskClient, street: Street, ada: Vendor, app: Flask
) -> None:
    with db.scoped(ada.shop_id) as session:
        mug = session.scalars(select(Product).where(Product.title == "Mug")).one()
        mug.handle, mug.status = "mug", ProductStatus.PUBLISHED
    number = str(mug.shopify_gid).rpartition("/")[2]
    ask(browser, product=number)
    confirm(browser)
    portal = signed_in(app, ada)
    address = f"/portal/customer-questions/{the_question().id}/answer"
    assert portal.post(address, data={"answer": " "}).status_code == 422
    assert portal.post(address, data={"answer": "Yes, at 60 degrees."}).status_code == 303
    assert portal.post(address, data={"answer": "Yes, at 70 degrees."}).status_code == 303
    street.office.settle()
    (mail,) = mails("customer_question_answered")
    assert (mail.to_address, mail.vendor_id) == ("dan@example.com", None)
    assert "/products/mug" in mail.text_body
    (entry,) = shown(browser, product=number)["questions"]
    assert entry == {"words": ASKED["words"], "name": "Dan", "answer": "Yes, at 70 degrees."}
    assert shown(browser)["questions"] == [], "it is about the mug, not about the vendor"
    with db.system() as session:
        session.execute(update(Question).values(may_be_shown=False))
    assert shown(browser, product=number)["questions"] == []


def test_answers_about_the_vendor_stand_on_no_products_page_and_in_no_other_shop(
    browser: FlaskClient, ada: Vendor, zenith: Shop
) -> None:
    ask(browser)
    with db.system() as session:
        session.execute(update(Question).values(state="answered", answer="Yes.", answered_at=clock.now()))
    assert [one["answer"] for one in shown(browser)["questions"]] == ["Yes."]
    assert shown(browser, product="1")["questions"] == []
    for shop, vendor in (("zenith", ADA), ("acme", "nobody"), ("acme", "\0")):
        query = sign_proxy(f"{shop}.myshopify.com", logged_in_customer_id="", vendor=vendor)
        assert browser.get(f"/proxy/questions.json?{query}").status_code == 404


def test_the_merchant_hides_a_question_and_gives_it_back(
    browser: FlaskClient, street: Street, ada: Vendor, bea: Vendor, app: Flask, merchant: FlaskClient
) -> None:
    ask(browser)
    confirm(browser)
    number = the_question().id
    page = merchant.get("/app/questions").text
    assert lint_polaris(page) == []
    assert "dishwasher" in page
    assert "dan@example.com" not in page
    with db.scoped(ada.shop_id) as session:
        service.answer(session, session.get_one(Vendor, ada.id), number, "Yes", actor="vendor_user:1")
    assert len(shown(browser)["questions"]) == 1
    assert merchant.post(f"/app/questions/{number}/hide").status_code == 200
    assert merchant.post(f"/app/questions/{number}/hide").status_code == 409
    assert shown(browser)["questions"] == []
    portal = signed_in(app, ada)
    assert portal.post(f"/portal/customer-questions/{number}/answer", data={"answer": "No"}).status_code == 404
    assert merchant.post(f"/app/questions/{number}/show").status_code == 200
    assert len(shown(browser)["questions"]) == 1
    beas = signed_in(app, bea)
    assert "dishwasher" not in beas.get("/portal/customer-questions").text
    assert beas.post(f"/portal/customer-questions/{number}/answer", data={"answer": "No"}).status_code == 404


def test_a_vendors_own_scope_holds_no_address(browser: FlaskClient, ada: Vendor) -> None:
    ask(browser)
    confirm(browser)
    with db.scoped(ada.shop_id, ada.id) as session:
        assert session.scalars(select(Question.id)).all()
        assert session.scalars(select(QuestionAsker)).all() == []


def test_what_nobody_stood_up_for_goes_after_a_month(browser: FlaskClient, ada: Vendor) -> None:
    ask(browser)
    ask(browser, key="o" * 20)
    confirm(browser)
    with db.system() as session:
        session.execute(update(Question).values(asked_at=clock.now() - timedelta(days=31)))
    assert service.remove_unconfirmed() == 1
    assert the_question().state is QuestionState.OPEN


def test_a_customers_questions_are_in_their_export_and_go_with_them(
    street: Street, ada: Vendor, browser: FlaskClient
) -> None:
    order = street.buy()
    ask(browser, str(order["customer_id"]))
    customer = {"id": order["customer_id"], "email": CLEO, "phone": None}
    street.office.ask("customers/data_request", "export", customer=customer, orders_requested=[])
    street.office.carry_out(1)
    (export,) = street.office.exports()
    content = json.loads(crypto.decrypt(export.content, get_config().secret_keys))
    assert [(one["seller"], one["email"]) for one in content["questions"]] == [("Ada's Ceramics", CLEO)]
    street.office.ask("customers/redact", "forget", customer=customer, orders_to_redact=[order["id"]])
    street.office.carry_out()
    with db.system() as session:
        assert session.scalars(select(Question)).all() == []
        assert session.scalars(select(QuestionAsker)).all() == []
    assert "dishwasher" not in mails("vendor_question")[0].text_body


def test_hiding_twice_is_a_conflict(browser: FlaskClient, ada: Vendor) -> None:
    ask(browser)
    confirm(browser)
    with db.scoped(ada.shop_id) as session, pytest.raises(Conflict):
        service.hide(session, ada.shop_id, the_question().id, hidden=False, actor="staff:1")
