import pytest

from tests.devstore.storefront.cast import ACME
from tests.devstore.storefront.conftest import Shop

CART_KEYS = {
    "token", "note", "attributes", "original_total_price", "total_price", "total_discount", "total_weight",
    "item_count", "items", "requires_shipping", "currency", "items_subtotal_price", "cart_level_discount_applications",
}  # fmt: skip
ITEM_KEYS = {
    "id", "key", "properties", "quantity", "variant_id", "title", "price", "original_price", "line_price",
    "original_line_price", "final_price", "final_line_price", "discounts", "sku", "grams", "vendor", "taxable",
    "product_id", "gift_card", "url", "featured_image", "image", "handle", "requires_shipping", "product_type",
    "product_title", "product_description", "variant_title", "variant_options", "options_with_values",
    "product_has_only_default_variant", "total_discount", "discounted_price",
}  # fmt: skip


def _variant(shop: Shop, size: int = 0) -> int:
    return int(shop.mug["variants"][size]["id"])


def test_an_empty_cart_has_the_shape_that_themes_expect(shop: Shop) -> None:
    cart = shop.visitor.get("/cart.js").get_json()
    assert set(cart) == CART_KEYS
    assert (cart["item_count"], cart["total_price"], cart["currency"]) == (0, 0, "USD")


def test_adding_answers_with_the_line_and_the_cart_counts_in_cents(shop: Shop) -> None:
    line = shop.visitor.post("/cart/add.js", json={"id": _variant(shop), "quantity": 2}).get_json()
    assert set(line) == ITEM_KEYS
    assert (line["price"], line["line_price"], line["vendor"]) == (2400, 4800, "Ada's Ceramics")
    assert line["options_with_values"] == [{"name": "Size", "value": "Small"}]
    cart = shop.visitor.get("/cart.js").get_json()
    assert (cart["item_count"], cart["total_price"]) == (2, 4800)
    assert cart["items"][0] == line


def test_several_items_are_added_together_or_not_at_all(shop: Shop) -> None:
    loaf = shop.loaf["variants"][0]["id"]
    both = {"items": [{"id": _variant(shop), "quantity": 1}, {"id": loaf, "quantity": 4}]}
    refused = shop.visitor.post("/cart/add.js", json=both)
    assert refused.status_code == 422
    assert refused.get_json() == {
        "status": 422,
        "message": "Cart Error",
        "description": "You can only add 3 Rye loaf to the cart.",
    }
    assert shop.visitor.get("/cart.js").get_json()["item_count"] == 0
    both["items"][1]["quantity"] = 3
    assert len(shop.visitor.post("/cart/add.js", json=both).get_json()["items"]) == 2


def test_the_same_variant_joins_its_line_unless_something_else_is_written_on_it(shop: Shop) -> None:
    for properties in ({}, {}, {"Engraving": "Zoe"}):
        shop.visitor.post("/cart/add.js", json={"id": _variant(shop), "properties": properties})
    items = shop.visitor.get("/cart.js").get_json()["items"]
    assert [(item["quantity"], item["properties"]) for item in items] == [(1, {"Engraving": "Zoe"}), (2, {})]


def test_change_finds_a_line_by_number_key_or_variant(shop: Shop) -> None:
    key = shop.visitor.post("/cart/add.js", json={"id": _variant(shop)}).get_json()["key"]
    assert shop.visitor.post("/cart/change.js", json={"line": 1, "quantity": 3}).get_json()["item_count"] == 3
    assert shop.visitor.post("/cart/change.js", json={"id": key, "quantity": 2}).get_json()["item_count"] == 2
    assert shop.visitor.post("/cart/change.js", json={"id": _variant(shop), "quantity": 0}).get_json()["items"] == []


def test_change_refuses_more_than_there_is_and_keeps_what_was(shop: Shop) -> None:
    loaf = shop.loaf["variants"][0]["id"]
    shop.visitor.post("/cart/add.js", json={"id": loaf, "quantity": 3})
    refused = shop.visitor.post("/cart/change.js", json={"line": 1, "quantity": 4})
    assert refused.status_code == 422
    assert refused.get_json()["description"] == "All 3 Rye loaf are in your cart."
    assert shop.visitor.get("/cart.js").get_json()["item_count"] == 3


def test_update_takes_quantities_note_and_attributes(shop: Shop) -> None:
    shop.visitor.post("/cart/add.js", json={"id": _variant(shop)})
    changed = {"updates": {str(_variant(shop)): 4}, "note": "Ring twice", "attributes": {"gift": "yes"}}
    cart = shop.visitor.post("/cart/update.js", json=changed).get_json()
    assert (cart["item_count"], cart["note"], cart["attributes"]) == (4, "Ring twice", {"gift": "yes"})
    assert shop.visitor.post("/cart/clear.js").get_json()["items"] == []


def test_forms_work_without_any_script(shop: Shop) -> None:
    form = {"id": _variant(shop), "quantity": "2", "properties[Engraving]": "Zoe"}
    assert shop.visitor.post("/cart/add", data=form).headers["Location"] == "/cart"
    page = shop.visitor.get("/cart").text
    assert "Engraving: Zoe" in page
    assert "$48.00" in page
    shop.visitor.post("/cart", data={"updates[]": ["1"], "update": ""})
    assert shop.visitor.get("/cart.js").get_json()["item_count"] == 1
    assert shop.visitor.post("/cart", data={"updates[]": ["1"], "checkout": ""}).headers["Location"] == "/checkout"


@pytest.mark.parametrize("body", [{}, {"id": "x"}, {"id": 999}, {"id": None}])
def test_nonsense_is_refused(shop: Shop, body: dict[str, object]) -> None:
    answer = shop.visitor.post("/cart/add.js", json=body)
    assert answer.status_code in {404, 422}
    assert answer.get_json()["description"] == "Cannot find variant"


@pytest.mark.parametrize("quantity", [0, -1, "two", 10**9])
def test_a_quantity_must_be_a_sensible_number(shop: Shop, quantity: object) -> None:
    answer = shop.visitor.post("/cart/add.js", json={"id": _variant(shop), "quantity": quantity})
    assert answer.status_code == 422


def test_a_body_that_is_not_json_is_refused(shop: Shop) -> None:
    answer = shop.visitor.post("/cart/add.js", data="{", content_type="application/json")
    assert answer.status_code == 400


def test_two_visitors_have_two_carts(shop: Shop) -> None:
    shop.visitor.post("/cart/add.js", json={"id": _variant(shop)})
    assert shop.browser().get("/cart.js").get_json()["item_count"] == 0


def test_a_product_that_leaves_the_shop_leaves_the_cart(shop: Shop) -> None:
    shop.visitor.post("/cart/add.js", json={"id": _variant(shop)})
    shop.store.put(ACME, "product", {**shop.mug, "status": "DRAFT"})
    cart = shop.visitor.get("/cart.js").get_json()
    assert (cart["item_count"], cart["items"]) == (0, [])
