"""One wish for many products: a result for each, and nobody else's products."""

import pytest
from bs4 import BeautifulSoup

from app import clock, db
from app.errors import ValidationErrors
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import bulk, copying, rules, service
from tests.apps import get_app
from tests.portal.conftest import signed_in


@pytest.mark.parametrize(
    ("typed", "bps"),
    [("5", 500), ("-2,5 %", -250), ("+10", 1000), ("0", None), ("-100", None), ("501", None), ("x", None), ("", None)],
)
def test_a_percentage_is_read_as_people_type_it(typed: str, bps: int | None) -> None:
    assert rules.read_percent(typed) == bps


@pytest.mark.parametrize(("minor", "bps", "now"), [(1000, 500, 1050), (999, -1000, 899), (1, -9000, 1), (5, 1000, 6)])
def test_a_price_moves_by_percent_and_never_to_nothing(minor: int, bps: int, now: int) -> None:
    assert rules.changed_price(minor, bps) == now


def test_a_wish_without_its_number_or_without_products_is_refused() -> None:
    for form, ids in (({"do": "stock"}, [1]), ({"do": "price", "percent": "lots"}, [1]), ({"do": "fly"}, [1])):
        with pytest.raises(ValidationErrors):
            bulk.read_wish(form, ids)
    with pytest.raises(ValidationErrors, match=r"."):
        bulk.read_wish({"do": "archive"}, [])
    assert bulk.read_wish({"do": "stock", "stock": "0"}, [1]) == bulk.Wish("stock", 0)


def test_each_product_has_its_result_and_another_vendors_is_not_there(acme: Shop, ada: Vendor, bea: Vendor) -> None:
    with db.scoped(acme.id) as session:
        bowl = service.create_draft(session, acme, ada, "Bowl", actor="vendor_user:1")
        plate = service.create_draft(session, acme, ada, "Plate", actor="vendor_user:1")
        bread = service.create_draft(session, acme, bea, "Bread", actor="vendor_user:2")
        plate.status = ProductStatus.IN_REVIEW
        [row] = service.list_variants(session, bowl)
        [other] = service.list_variants(session, plate)
        row.price_minor = other.price_minor = 1000
    ids = [bread.id, plate.id, bowl.id]
    with db.scoped(acme.id, ada.id) as session:
        results = bulk.apply(session, acme.id, ada.id, ids, bulk.Wish("price", -1000), actor="vendor_user:1")
    assert [(r.title, r.is_done) for r in results] == [("Bowl", True), ("Plate", False), ("Gone", False)]
    with db.scoped(acme.id) as session:
        assert [service.list_variants(session, p)[0].price_minor for p in (bowl, plate)] == [900, 1000]
        results = bulk.apply(session, acme.id, ada.id, ids, bulk.Wish("archive"), actor="vendor_user:1")
        assert session.get_one(Product, bread.id).status is ProductStatus.DRAFT
    assert [r.is_done for r in results] == [True, True, False]


def test_a_form_that_is_sent_twice_moves_no_price_twice(acme: Shop, ada: Vendor) -> None:
    with db.scoped(acme.id) as session:
        bowl = service.create_draft(session, acme, ada, "Bowl", actor="vendor_user:1")
        [row] = service.list_variants(session, bowl)
        row.price_minor = 1000
    browser = signed_in(get_app(), ada)
    listed = BeautifulSoup(browser.get("/portal/products").text, "html.parser")
    form = {str(field["name"]): str(field["value"]) for field in listed.select("#bulk input[type=hidden]")}
    form |= {"product": str(bowl.id), "do": "price", "percent": "-10"}
    assert "1 of 1 done" in browser.post("/portal/products", data=form).text
    again = browser.post("/portal/products", data=form).text
    assert "0 of 1 done" in again
    assert "another one than the list showed" in again
    with db.scoped(acme.id) as session:
        assert service.list_variants(session, bowl)[0].price_minor == 900


@pytest.mark.parametrize(("action", "then"), [("withdraw", ProductStatus.DRAFT), ("archive", ProductStatus.ARCHIVED)])
def test_before_products_go_off_sale_the_vendor_is_asked(
    acme: Shop, ada: Vendor, action: str, then: ProductStatus
) -> None:
    with db.scoped(acme.id) as session:
        bowl = service.create_draft(session, acme, ada, "Bowl", actor="vendor_user:1")
        bowl.status = ProductStatus.PUBLISHED
    browser = signed_in(get_app(), ada)
    form = {"product": str(bowl.id), "do": action}
    asked = BeautifulSoup(browser.post("/portal/products", data=form).text, "html.parser")
    assert "1 of the ticked products is on sale." in asked.text
    assert "no longer be able to buy it." in asked.text
    assert [found["class"] for found in asked.select("[autofocus]")] == [["notice", "warn"]]
    assert asked.select_one(f"#bulk input[name=product][value='{bowl.id}'][checked]")
    assert asked.select_one(f"#bulk option[value={action}][selected]")
    sure = asked.select_one("button[form=bulk]")
    assert sure
    with db.scoped(acme.id) as session:
        assert session.get_one(Product, bowl.id).status is ProductStatus.PUBLISHED
    single = BeautifulSoup(browser.get(f"/portal/products/{bowl.id}").text, "html.parser")
    assert "To sell it again" in str(single.select_one(f"details.confirm form[action$='/{action}']"))
    assert "1 of 1 done" in browser.post("/portal/products", data=form | {str(sure["name"]): str(sure["value"])}).text
    with db.scoped(acme.id) as session:
        assert session.get_one(Product, bowl.id).status is then


@pytest.mark.parametrize("action", ["withdraw", "archive"])
def test_nobody_is_asked_about_a_product_that_the_shop_took_off_sale(acme: Shop, ada: Vendor, action: str) -> None:
    with db.scoped(acme.id) as session:
        bowls = [service.create_draft(session, acme, ada, f"Bowl {n}", actor="vendor_user:1") for n in range(3)]
        for bowl in bowls:
            bowl.status = ProductStatus.PUBLISHED
        bowls[0].taken_down_at, bowls[0].taken_down_reason = clock.now(), "A clearer picture, please."
    browser = signed_in(get_app(), ada)
    asked = browser.post("/portal/products", data={"product": [str(bowl.id) for bowl in bowls], "do": action}).text
    assert "2 of the ticked products are on sale." in asked
    assert "no longer be able to buy them." in asked
    single = BeautifulSoup(browser.get(f"/portal/products/{bowls[0].id}").text, "html.parser")
    assert not single.select("details.confirm")
    assert single.select_one(f"form[action$='/{action}']")
    assert "1 of 1 done" in browser.post("/portal/products", data={"product": str(bowls[0].id), "do": action}).text


def test_a_copy_has_the_words_and_prices_but_neither_stock_nor_skus(acme: Shop, ada: Vendor) -> None:
    with db.scoped(acme.id) as session:
        bowl = service.create_draft(session, acme, ada, "Bowl", actor="vendor_user:1")
        bowl.description_html = "<p>Round.</p>"
        [row] = service.list_variants(session, bowl)
        row.price_minor, row.sku, row.stock = 1000, "B", 3
        copy = copying.duplicate(session, bowl, actor="vendor_user:1")
        [made] = service.list_variants(session, copy)
        assert (copy.title, copy.description_html, copy.status) == ("Copy of Bowl", "<p>Round.</p>", "draft")
        assert (made.price_minor, made.sku, made.stock) == (1000, "", 0)
        assert copy.listing_key != bowl.listing_key
