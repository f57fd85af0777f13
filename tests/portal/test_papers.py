"""What a vendor takes away at once: papers of what was ticked, of nobody else, and tables that add up."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import db
from app.languages import spoken
from app.models.customer_questions import Question, QuestionState
from app.models.payouts import FeeInvoice, Payout, PayoutBatch
from app.models.products import Product
from app.models.reviews import ReviewState, VendorReview
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorUser
from app.payouts import settings, statements
from tests.payouts.conftest import earn
from tests.payouts.test_invoices import WHO, charge, issue
from tests.portal.booked import add_order
from tests.portal.conftest import signed_in

ARCHIVES = ("/portal/money/payouts/statements.zip", "/portal/money/invoices/papers.zip")


def names_in(browser: FlaskClient, path: str, **ticked: list[object]) -> list[str]:
    answer = browser.get(path, query_string=ticked)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return sorted(archive.namelist())


def pay(shop: Shop, vendor: Vendor, reference: str) -> int:
    number = int(reference.removeprefix("SK-"))
    with db.scoped(shop.id) as session:
        session.add(batch := PayoutBatch(shop_id=shop.id, number=number, currency="USD", created_by="system"))
        session.flush()
        money = {"amount_minor": 500, "currency": "USD", "account": b"x", "holder": b"x", "last4": "3000"}
        mine = {"shop_id": shop.id, "vendor_id": vendor.id, "batch_id": batch.id}
        session.add(payout := Payout(reference=reference, rail_key=reference, **money, **mine))
        session.flush()
        return payout.id


def test_an_archive_of_statements_holds_what_was_ticked_and_is_ones_own(
    adas_browser: FlaskClient, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    mine, foreign = pay(acme, ada, "SK-1"), pay(acme, bea, "SK-2")
    ticked = [mine, mine, foreign, 2**70, -1, "x", ""]
    assert names_in(adas_browser, ARCHIVES[0], payout=ticked) == ["statement-SK-1.csv", "statement-SK-1.pdf"]
    assert names_in(adas_browser, ARCHIVES[0], payout=[foreign]) == []
    assert names_in(adas_browser, ARCHIVES[0]) == []


def test_an_archive_of_invoices_holds_what_was_ticked_and_is_ones_own(
    adas_browser: FlaskClient, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    with db.scoped(acme.id) as session:
        settings.save_invoicing(session, acme, WHO, actor="test")
    for vendor in (ada, bea):
        charge(acme, vendor, f"sale:{vendor.id}", 432)
    issue(acme)
    with db.scoped(acme.id) as session:
        by_vendor = {row.vendor_id: row for row in session.scalars(select(FeeInvoice))}
    mine, foreign = by_vendor[ada.id], by_vendor[bea.id]
    files = [f"{mine.number}.csv", f"{mine.number}.pdf"]
    assert names_in(adas_browser, ARCHIVES[1], invoice=[mine.id, foreign.id, mine.id, 2**70, "x"]) == files
    assert names_in(adas_browser, ARCHIVES[1], invoice=[foreign.id]) == []
    assert names_in(adas_browser, ARCHIVES[1]) == [], "nothing ticked is not everything"
    assert adas_browser.get("/portal/money/invoices/export.csv").text.count(foreign.number) == 0


@pytest.mark.parametrize(
    ("role", "money", "orders"),
    [("catalogue", 403, 403), ("orders", 403, 200), ("finance", 200, 200), ("viewer", 200, 200)],
)
def test_papers_and_files_open_to_whom_their_lists_do(
    app: Flask, ada: Vendor, role: str, money: int, orders: int
) -> None:
    browser = signed_in(app, ada)
    with db.scoped(ada.shop_id) as session:
        session.execute(update(VendorUser).where(VendorUser.vendor_id == ada.id).values(role=role))
    lists = ("movements", "holds", "payouts", "invoices", "export.csv", "holds/export.csv", "payouts/export.csv")
    for path in (*ARCHIVES, *(f"/portal/money/{one}" for one in lists)):
        assert browser.get(path).status_code == money, path
    for path in ("/portal/orders/messages", "/portal/orders/messages/export.csv"):
        assert browser.get(path).status_code == orders, path


def test_amounts_below_zero_are_numbers_in_the_files_of_money(
    adas_browser: FlaskClient, acme: Shop, ada: Vendor
) -> None:
    earn(acme, ada, "sale", 5000)
    earn(acme, ada, "taken back", -1250)
    earn(acme, ada, "taken back, too", -3750)
    for query, balances in (("", ["0.00", "37.50", "50.00"]), ("?kind=sale", ["", "", ""])):
        table = adas_browser.get(f"/portal/money/export.csv{query}").data.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(table)))
        assert [row["amount"] for row in rows] == ["-37.50", "-12.50", "50.00"]
        assert [row["balance"] for row in rows] == balances


@pytest.mark.parametrize("cursor", ["0001-01-01T00:00:00+23:59_1_1", "2999-01-01_5_" + "9" * 4000, "x_y_z"])
def test_a_made_up_place_in_the_movements_is_no_failure(
    adas_browser: FlaskClient, acme: Shop, ada: Vendor, cursor: str
) -> None:
    earn(acme, ada, "sale", 5000)
    assert adas_browser.get("/portal/money/movements", query_string={"before": cursor}).status_code == 200


def test_filters_lead_back_to_the_list_after_an_error(adas_browser: FlaskClient, ada: Vendor) -> None:
    part_id = add_order(ada, 1, 900)
    with db.scoped(ada.shop_id) as session:
        said = {"stars": 4, "words": "Good", "state": ReviewState.PUBLISHED, "vendor_order_id": part_id}
        session.add(review := VendorReview(shop_id=ada.shop_id, vendor_id=ada.id, **said))
        session.flush()
        path = f"/portal/reviews/{review.id}"
    for what in ("answer", "report"):
        page = adas_browser.post(f"{path}/{what}", data={"answer": "x" * 1001, "reason": ""})
        assert page.status_code == 422
        assert 'class="filters" method="get" action="/portal/reviews"' in page.text


def test_filters_of_questions_lead_back_to_the_list_after_an_error(adas_browser: FlaskClient, ada: Vendor) -> None:
    with db.scoped(ada.shop_id) as session:
        asked = {"key": "k", "words": "Dishwasher?", "state": QuestionState.OPEN}
        session.add(question := Question(shop_id=ada.shop_id, vendor_id=ada.id, **asked))
        session.flush()
        path = f"/portal/customer-questions/{question.id}/answer"
    page = adas_browser.post(path, data={"answer": ""})
    assert page.status_code == 422
    assert 'class="filters" method="get" action="/portal/customer-questions"' in page.text


def test_a_category_is_taken_away_with_what_it_asked(adas_browser: FlaskClient, ada: Vendor) -> None:
    path = adas_browser.post("/portal/products/new", data={"title": "Bowl"}).headers["Location"]
    with db.scoped(ada.shop_id) as session:
        answers = [{"gid": "gid://shopify/TaxonomyAttribute/4", "name": "Material", "chosen": []}]
        home = {"category_gid": "gid://shopify/TaxonomyCategory/hg", "category_name": "Home", "attributes": answers}
        session.execute(update(Product).values(**home))
    button = adas_browser.get(path).text.partition("data-none ")[2].partition(">")[0]
    assert button
    assert "hidden" not in button
    said = {
        "title": "Bowl",
        "description": "",
        "category_gid": "",
        "category_name": "",
        "attributes": json.dumps(answers),
    }
    assert adas_browser.post(path, data=said).status_code == 303
    with db.scoped(ada.shop_id) as session:
        product = session.scalars(select(Product)).one()
    assert (product.category_gid, product.category_name, product.attributes) == (None, None, [])


def test_an_archive_is_printed_while_it_is_taken_in_the_readers_language(
    adas_browser: FlaskClient, acme: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []
    write = statements.write_pdf

    def note(*args: Any) -> bytes:
        printed.append(spoken())
        return write(*args)

    monkeypatch.setattr(statements, "write_pdf", note)
    payouts = [pay(acme, ada, f"SK-{number}") for number in (1, 2)]
    adas_browser.post("/portal/language", data={"language": "de"})
    answer = adas_browser.get(ARCHIVES[0], query_string={"payout": payouts}, buffered=False)
    body = answer.iter_encoded()
    first = next(body)
    assert (first[:2], printed) == (b"PK", ["de"]), "the second is not printed yet"
    with zipfile.ZipFile(io.BytesIO(b"".join([first, *body]))) as archive:
        assert len(archive.namelist()) == 4
    assert printed == ["de", "de"]
