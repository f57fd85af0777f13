"""The merchant's list of products: one decision for many with a result for each, and what is kept off sale."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import ProgrammingError

from app import db
from app.models.emails import Email
from app.models.products import Product, ProductStatus
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.portal.queries import count_sold_out
from app.products import mirror, queries, service, takedowns
from app.shopify import payloads
from app.vendors import effects
from app.vendors import queries as vendors
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor
from tests.portal.conftest import signed_in
from tests.products.test_review_desk import add_product

TOGETHER = "/app/products/together"


def read(shop: Shop, product_id: int) -> Product:
    with db.scoped(shop.id) as session:
        return session.get_one(Product, product_id)


def test_what_is_ticked_goes_off_sale_with_its_own_words_and_back_by_undo(merchant: FlaskClient, shop: Shop) -> None:
    ada, bea = make_vendor(shop, "Ada", "ada@example.com"), make_vendor(shop, "Bea", "bea@example.com")
    cup = add_product(shop, ada, "Cup", ProductStatus.PUBLISHED)
    bread = add_product(shop, bea, "Bread", ProductStatus.PUBLISHED)
    draft = add_product(shop, bea, "Draft", ProductStatus.DRAFT)
    reason = "Hello {vendor}, {product} broke."
    form = {"product": [cup, bread, draft, 999999], "reason": reason}
    answer = merchant.post(f"{TOGETHER}/take_down?status=published", data=form)
    assert (answer.status_code, lint_polaris(answer.text)) == (200, [])
    assert "Done for 2 of 4." in answer.headers["HX-Trigger"]
    assert "Not done: Draft. “Draft” is not on sale." in answer.text
    assert answer.text.count('type="hidden" name="product"') == 2, "undo is for what was done"
    assert read(shop, cup).taken_down_reason == "Hello Ada, Cup broke."
    with db.scoped(shop.id) as session:
        told = {email.to_address: email.text_body for email in session.scalars(select(Email))}
        assert queries.count_by_status(session, shop.id) == {"taken_down": 2, "draft": 1}
        assert [row.published for row in vendors.list_vendors(session, shop.id).rows] == [0, 0]
        assert effects.read_standing(session, session.get_one(Vendor, ada.id)).on_sale == 0
        assert count_sold_out(session, ada.id) == 0, "what is off sale is not sold out"
    assert "Hello Bea, Bread broke." in told["bea@example.com"]
    assert "Cup" not in merchant.get("/app/products?status=published").text
    off = merchant.get("/app/products?status=taken_down").text
    assert ("Cup" in off, "Draft" in off.split("<s-table-body>")[1]) == (True, False)
    assert "Cup,Ada,taken_down" in merchant.get("/app/products/export.csv").text
    back = merchant.post(f"{TOGETHER}/put_back", data={"product": [cup, bread]})
    assert "Done for 2 of 2." in back.headers["HX-Trigger"]
    assert read(shop, cup).taken_down_at is None
    assert "Done for 0 of 1." in merchant.post(f"{TOGETHER}/put_back", data={"product": cup}).headers["HX-Trigger"]


def test_what_waits_is_approved_or_sent_back_and_what_does_not_fit_is_named(merchant: FlaskClient, shop: Shop) -> None:
    ada = make_vendor(shop, "Ada", "ada@example.com")
    cup = add_product(shop, ada, "Cup", ProductStatus.IN_REVIEW)
    urn = add_product(shop, ada, "Urn", ProductStatus.IN_REVIEW)
    sold = add_product(shop, ada, "Sold", ProductStatus.PUBLISHED)
    approved = merchant.post(f"{TOGETHER}/approve", data={"product": [cup, sold]})
    assert "Done for 1 of 2." in approved.headers["HX-Trigger"]
    assert read(shop, cup).reviewed_at is not None
    sent_back = merchant.post(f"{TOGETHER}/ask_for_changes", data={"product": [urn, sold], "reason": "Too dark."})
    assert "Done for 1 of 2." in sent_back.headers["HX-Trigger"]
    assert read(shop, urn).status is ProductStatus.CHANGES_REQUESTED
    assert read(shop, sold).status is ProductStatus.PUBLISHED


def test_without_a_reason_or_a_tick_nothing_happens_and_what_was_typed_stays(merchant: FlaskClient, shop: Shop) -> None:
    cup = add_product(shop, make_vendor(shop, "Ada", "ada@example.com"), "Cup", ProductStatus.PUBLISHED)
    refused = merchant.post(f"{TOGETHER}/take_down", data={"product": cup, "reason": " "})
    assert (refused.status_code, lint_polaris(refused.text)) == (422, [])
    assert 'accessibilitylabel="Tick Cup" checked' in refused.text
    assert "what the vendors should know." in refused.text
    unticked = merchant.post(f"{TOGETHER}/take_down", data={"reason": "Broken"})
    assert 'value="Broken"' in unticked.text
    assert "Tick the rows first." in unticked.headers["HX-Trigger"]
    assert merchant.post(f"{TOGETHER}/burn", data={"product": cup}).status_code == 404
    assert read(shop, cup).taken_down_at is None


def test_one_product_is_taken_off_sale_and_put_back_on_its_own_page(merchant: FlaskClient, shop: Shop) -> None:
    cup = add_product(shop, make_vendor(shop, "Ada", "ada@example.com"), "Cup", ProductStatus.PUBLISHED)
    refused = merchant.post(f"/app/review/{cup}/take_down", data={"reason": ""})
    assert (refused.status_code, "Say in a sentence or two why." in refused.text) == (422, True)
    taken = merchant.post(f"/app/review/{cup}/take_down", data={"reason": "Not food safe."})
    assert (taken.status_code, lint_polaris(taken.text)) == (200, [])
    assert "Off sale since" in taken.text
    assert merchant.post(f"/app/review/{cup}/take_down", data={"reason": "Twice"}).status_code == 409
    back = merchant.post(f"/app/review/{cup}/put_back")
    assert "On sale since" in back.text


def test_the_way_back_leads_to_where_one_came_from_also_after_the_decision(merchant: FlaskClient, shop: Shop) -> None:
    cup = add_product(shop, make_vendor(shop, "Ada", "ada@example.com"), "Cup", ProductStatus.IN_REVIEW)
    queue = merchant.get("/app/review?sort=newest").text
    assert f'href="/app/review/{cup}?sort=newest&amp;back=queue"' in queue
    page = merchant.get(f"/app/review/{cup}?sort=newest&back=queue").text
    assert f'hx-post="/app/review/{cup}/reject?sort=newest&amp;back=queue"' in page
    decided = merchant.post(f"/app/review/{cup}/reject?sort=newest&back=queue", data={"reason": "Too dark."}).text
    for looked_at in (page, decided):
        assert '<s-link slot="breadcrumb-actions" href="/app/review?sort=newest">Review queue</s-link>' in looked_at
    from_products = merchant.get(f"/app/review/{cup}").text
    assert '<s-link slot="breadcrumb-actions" href="/app/products">Products</s-link>' in from_products


def test_a_vendor_cannot_put_it_back_nor_get_round_it_by_sending_it_again(acme: Shop, ada: Vendor) -> None:
    cup = add_product(acme, ada, "Cup", ProductStatus.PUBLISHED)
    with db.scoped(acme.id) as session:
        session.get_one(ShopSettings, acme.id).auto_approve_products = True
        takedowns.take_down(session, service.lock_product(session, acme.id, cup), "The glaze cracks.", actor="staff:1")
    with pytest.raises(ProgrammingError, match="a vendor may not write this"), db.scoped(acme.id, ada.id) as session:
        session.execute(update(Product).where(Product.id == cup).values(taken_down_at=None))
    with db.scoped(acme.id, ada.id) as session:
        product = service.lock_product(session, acme.id, cup, vendor_id=ada.id)
        service.take_back(session, product, "withdraw", actor="vendor_user:1")
    page = signed_in(get_app(), ada).get(f"/portal/products/{cup}").text
    assert "The glaze cracks." in page, "who changes it reads why"
    with db.scoped(acme.id) as session:
        product = service.lock_product(session, acme.id, cup)
        product.status = ProductStatus.SUBMITTED
        service.begin_review(session, product)
    waiting = read(acme, cup)
    assert (waiting.status, waiting.reviewed_at) == (ProductStatus.IN_REVIEW, None)
    with db.scoped(acme.id) as session:
        service.approve(session, service.lock_product(session, acme.id, cup), actor="staff:1")
    assert read(acme, cup).taken_down_at is None


@pytest.mark.parametrize(
    ("seconds", "by_us", "standing"), [(0, True, "taken_down"), (1, True, "published"), (1, False, "published")]
)
def test_only_news_from_after_it_was_hidden_put_it_back(
    acme: Shop, ada: Vendor, seconds: int, *, by_us: bool, standing: str
) -> None:
    cup = add_product(acme, ada, "Cup", ProductStatus.PUBLISHED)
    with db.scoped(acme.id) as session:
        product = service.lock_product(session, acme.id, cup)
        takedowns.take_down(session, product, "No.", actor="staff:1")
        assert product.taken_down_at is not None
        hidden_at = product.taken_down_at.replace(microsecond=0) + timedelta(seconds=5)
        product.shopify_status, product.shopify_updated_at = "DRAFT", hidden_at
        product.hidden_with_vendor = by_us
        told = payloads.Product(
            id=cup,
            admin_graphql_api_id=str(product.shopify_gid),
            title="Cup",
            handle="cup",
            status="active",
            updated_at=hidden_at + timedelta(seconds=seconds),
            variants=[],
            options=[],
        )
        mirror.take_over_product(session, acme, told, b"{}")
    assert read(acme, cup).standing == standing
