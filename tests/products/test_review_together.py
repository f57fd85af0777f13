"""Several products and edits are sent back at once: one reason, filled in for each, and a result per row."""

import csv
import html
import io
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.models.emails import Email
from app.models.products import Product, ProductProposal, ProductStatus, ProposalStatus
from app.models.shops import Shop
from app.products import proposals, review_list, review_queue, service
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor
from tests.products.test_review_desk import add_product

REASON = "Hello {vendor}, {product} needs light. {shop} waits."


@pytest.mark.parametrize(("action", "status", "edit_status"), [
    ("ask_for_changes", ProductStatus.CHANGES_REQUESTED, ProposalStatus.CHANGES_REQUESTED),
    ("reject", ProductStatus.REJECTED, ProposalStatus.REJECTED),
])  # fmt: skip
def test_what_is_ticked_is_sent_back_with_its_own_words_and_a_result_each(
    merchant: FlaskClient, shop: Shop, action: str, status: ProductStatus, edit_status: ProposalStatus
) -> None:
    ada, bea = make_vendor(shop, "Ada", "ada@example.com"), make_vendor(shop, "Bea", "bea@example.com")
    cup = add_product(shop, ada, "Cup", ProductStatus.IN_REVIEW)
    bread = add_product(shop, bea, "Bread", ProductStatus.PUBLISHED)
    with db.scoped(shop.id, bea.id) as session:
        product = service.lock_product(session, shop.id, bread, vendor_id=bea.id)
        proposals.propose(session, product, {"title": "Loaf"}, actor="vendor_user:1")
    with db.scoped(shop.id) as session:
        edit = session.scalars(select(ProductProposal)).one()
    ticks = [f"product {cup}", f"edit {edit.id} {edit.version}", "product 999999"]
    answer = merchant.post(f"/app/review/decline/{action}", data={"tick": ticks, "reason": REASON})
    assert (answer.status_code, lint_polaris(answer.text)) == (200, [])
    assert "Done for 2 of 3." in answer.headers["HX-Trigger"]
    with db.scoped(shop.id) as session:
        assert session.get_one(Product, cup).status is status
        assert session.get_one(Product, bread).status is ProductStatus.PUBLISHED
        assert session.scalars(select(ProductProposal)).one().status is edit_status
        told = dict(session.execute(select(Email.to_address, Email.text_body)).all())
    assert f"Hello Ada, Cup needs light. {shop.name} waits." in told["ada@example.com"]
    assert f"Hello Bea, Bread needs light. {shop.name} waits." in told["bea@example.com"]
    late = merchant.post(f"/app/review/decline/{action}", data={"tick": ticks[:1], "reason": "Again"})
    assert "Done for 0 of 1." in late.headers["HX-Trigger"]


def test_without_a_reason_nothing_happens_and_the_ticks_stay(merchant: FlaskClient, shop: Shop) -> None:
    cup = add_product(shop, make_vendor(shop, "Ada", "ada@example.com"), "Cup", ProductStatus.IN_REVIEW)
    refused = merchant.post("/app/review/decline/reject", data={"tick": f"product {cup}", "reason": " "})
    assert (refused.status_code, lint_polaris(refused.text)) == (422, [])
    assert 'accessibilitylabel="Tick Cup" checked' in refused.text
    assert "what the vendors should know." in refused.text
    unticked = merchant.post("/app/review/decline/reject", data={"reason": "Too dark"})
    assert "Tick what you want to send back." in unticked.headers["HX-Trigger"]
    assert 'value="Too dark"' in unticked.text, "what was typed is not lost"
    assert merchant.post("/app/review/decline/burn", data={"reason": "x"}).status_code in {404, 405}
    with db.scoped(shop.id) as session:
        assert session.get_one(Product, cup).status is ProductStatus.IN_REVIEW


@pytest.mark.parametrize("sort", ["", "newest", "vendor"])
def test_a_long_queue_is_read_part_by_part_and_as_a_file(
    merchant: FlaskClient, shop: Shop, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    sellers = [make_vendor(shop, name, f"{name}@example.com") for name in ("Ada", "Bea")]
    for number in range(5):
        add_product(shop, sellers[number % 2], f"Thing {number}", ProductStatus.IN_REVIEW)
    edited = add_product(shop, sellers[0], "Thing 5", ProductStatus.PUBLISHED)
    with db.scoped(shop.id, sellers[0].id) as session:
        product = service.lock_product(session, shop.id, edited, vendor_id=sellers[0].id)
        proposals.propose(session, product, {"title": "Other"}, actor="vendor_user:1")
    monkeypatch.setattr(review_list, "PER_PAGE", 2)
    shown, seen = f"/app/review?sort={sort}", []
    for _part in range(3):
        text = merchant.get(shown).text
        assert lint_polaris(text) == []
        seen += re.findall(r'accessibilitylabel="Tick ([^"]+)"', text)
        way = re.search(r'accessibilitylabel="Next page" href="([^"]+)"', text)
        shown = html.unescape(way[1]) if way else ""
    assert (shown, sorted(seen)) == ("", [f"Thing {number}" for number in range(6)])
    sheet = merchant.get(f"/app/review/export.csv?sort={sort}")
    rows = list(csv.DictReader(io.StringIO(sheet.text.lstrip("\ufeff"))))
    assert [row["product"] for row in rows] == seen, "in the order of the pages"
    assert {row["what"] for row in rows} == {"New product", "Edit: Title"}
    assert merchant.get("/app/review/export.csv?kind=edit").text.count("Thing") == 1


def test_ticks_are_decided_in_the_order_in_which_products_are_locked_everywhere(shop: Shop) -> None:
    ada = make_vendor(shop, "Ada", "ada@example.com")
    numbers = [add_product(shop, ada, f"Thing {number}", ProductStatus.PUBLISHED) for number in range(11)]
    with db.scoped(shop.id) as session:
        product = service.lock_product(session, shop.id, numbers[5], vendor_id=ada.id)
        proposals.propose(session, product, {"title": "Six"}, actor="vendor_user:1")
        edit = f"edit {session.scalars(select(ProductProposal.id)).one()} 1"
        ticks = [*(f"product {number}" for number in reversed(numbers) if number != numbers[5]), edit, "edit x", ""]
        ordered = review_queue.in_order(session, shop.id, ticks)
    expected = [edit if number == numbers[5] else f"product {number}" for number in numbers]
    assert [tick for tick in ordered if tick in expected] == expected
    assert set(ordered) == set(ticks), "also what is none is answered"
