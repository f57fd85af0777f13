"""Renaming and reordering the options of a product on sale: proposed, compared, decided, and whole in Shopify."""

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app import db
from app.models.products import ProductProposal, ProposalStatus, Variant
from app.models.shops import Shop
from app.products import option_sync, proposal_sync
from tests.scenarios.market import Market
from tests.scenarios.test_product_edits import RENAME, apply_until_killed, edit, path, prices, proposals, seen
from tests.scenarios.test_product_listing import SET_STOCK, in_shopify, the_product

__all__ = ["path"]

OPTIONS = """{ locations(first: 1) { nodes { id } } products(first: 1) { nodes {
  options { id name optionValues { id name } }
  variants(first: 10) { nodes { id inventoryQuantity selectedOptions { name value } inventoryItem { id } } } } } }"""
RENAMED: dict[str, str] = {
    "option_0_was": "Size",
    "option_0_name": "Format",
    "value_0_0_was": "Small",
    "value_0_0_name": "Small",
    "place_value_0_0": "2",
    "value_0_1_was": "Large",
    "value_0_1_name": "Grand",
    "place_value_0_1": "1",
}
MERCHANTS = """mutation ($id: ID!, $input: ProductSetInput!) {
  productSet(identifier: {id: $id}, input: $input, synchronous: true) { userErrors { message } } }"""


def options(market: Market) -> Any:
    [node] = market.ask_shopify(OPTIONS)["products"]["nodes"]
    return [(each["name"], [value["name"] for value in each["optionValues"]]) for each in node["options"]]


def stock(market: Market) -> dict[str, tuple[str, int]]:
    """By a variant's id, its value and how many there are."""
    [node] = market.ask_shopify(OPTIONS)["products"]["nodes"]
    return {
        each["id"]: (each["selectedOptions"][0]["value"], each["inventoryQuantity"])
        for each in node["variants"]["nodes"]
    }


def rows(shop: Shop) -> list[tuple[int, str | None, list[str], int]]:
    with db.scoped(shop.id) as session:
        held = session.scalars(select(Variant).order_by(Variant.position)).all()
        return [(row.id, row.shopify_gid, row.option_values, row.stock) for row in held]


def accept(market: Market, shop: Shop, *fields: str) -> httpx.Response:
    at = f"/app/review/edits/{proposals(shop)[-1].id}"
    return market.merchant(f"{at}/accept", {"field": list(fields), "seen": seen(market.merchant(at))})


def test_options_get_other_names_and_order_and_variants_stay_who_they_are(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    small, large = rows(shop)
    form = portal.get(f"{path}/edit").text
    assert [f'name="{name}"' in form for name in RENAMED] == [True] * len(RENAMED)
    wrong = edit(portal, shop, path, **RENAMED | {"value_0_1_name": "small"})
    assert (wrong.status_code, "Another one is called that now." in wrong.text) == (422, True)
    assert "1 change waits for" in edit(portal, shop, path, **RENAMED).text
    assert options(market) == [("Size", ["Small", "Large"])]
    assert 'value="Grand"' in portal.get(f"{path}/edit").text
    review = market.merchant(f"/app/review/edits/{proposals(shop)[0].id}").text
    assert "<del>Size: Small, Large\n</del>" in review
    assert "<ins>Format (was Size): Grand (was Large), Small\n</ins>" in review
    assert accept(market, shop, "options").status_code == 200
    market.settle()
    assert proposals(shop)[0].status is ProposalStatus.APPLIED
    assert options(market) == [("Format", ["Grand", "Small"])]
    assert list(stock(market).items()) == [(large[1], ("Grand", 3)), (small[1], ("Small", 5))]
    assert rows(shop) == [(large[0], large[1], ["Grand"], 3), (small[0], small[1], ["Small"], 5)]
    assert the_product(shop).options == [{"name": "Format", "values": ["Grand", "Small"]}]
    # What was exported is found again, and what the merchant counts still reaches the right row.
    file = portal.get("/portal/products/export.csv").content
    plan = portal.post("/portal/products/import", files={"file": ("mugs.csv", file, "text/csv")})
    assert "0 changed, 1 already as in the file" in plan.text, plan.text
    data = market.ask_shopify(OPTIONS)
    item = data["products"]["nodes"][0]["variants"]["nodes"][0]["inventoryItem"]["id"]
    count = {
        "inventoryItemId": item,
        "locationId": data["locations"]["nodes"][0]["id"],
        "quantity": 9,
        "changeFromQuantity": 3,
    }
    market.ask_shopify(SET_STOCK, {"input": {"name": "available", "reason": "correction", "quantities": [count]}})
    market.settle()
    assert rows(shop)[0] == (large[0], large[1], ["Grand"], 9)


def test_one_edit_renames_options_and_takes_and_adds_variants_even_if_its_job_is_killed(
    market: Market, shop: Shop, portal: httpx.Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = rows(shop)
    taken = {"new_0_value_0": "grand", "new_0_price": "9.00"}
    wrong = edit(portal, shop, path, **RENAMED, **taken)
    assert (wrong.status_code, "There is such a variant already." in wrong.text) == (422, True)
    medium = {"new_0_value_0": "Medium", "new_0_price": "21.00", "new_0_stock": "4"}
    assert "2 changes wait" in edit(portal, shop, path, **RENAMED, **medium, **{f"gone_{small[0]}": "on"}).text
    assert 'value="Medium"' in portal.get(f"{path}/edit").text
    accept(market, shop, "options", "variants")
    apply_until_killed(shop, monkeypatch, option_sync)
    market.settle()
    assert proposals(shop)[0].status is ProposalStatus.APPLIED
    assert options(market) == [("Format", ["Grand", "Medium"])]
    assert list(stock(market).values()) == [("Grand", 3), ("Medium", 4)]
    [kept, new] = rows(shop)
    assert kept == (large[0], large[1], ["Grand"], 3)
    assert (new[1], new[2:]) == (list(stock(market))[1], (["Medium"], 4))
    assert the_product(shop).options == [{"name": "Format", "values": ["Grand", "Medium"]}]


def test_what_the_merchant_makes_of_options_and_variants_in_shopify_is_taken_over(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    small, large = rows(shop)
    gid = the_product(shop).shopify_gid

    def write(**values: str | None) -> None:
        named = [{"name": value} for value in values]
        variants = [
            {"optionValues": [{"optionName": "Capacity", "name": value}], "price": "9.00"}
            | ({"id": row} if row else {})
            for value, row in values.items()
        ]
        content = {"productOptions": [{"name": "Capacity", "values": named}], "variants": variants}
        market.ask_shopify(MERCHANTS, {"id": gid, "input": content})
        market.settle()

    write(litre=large[1], half=small[1])
    assert the_product(shop).options == [{"name": "Capacity", "values": ["litre", "half"]}]
    assert rows(shop) == [(large[0], large[1], ["litre"], 3), (small[0], small[1], ["half"], 5)]
    assert 'value="litre"' in portal.get(f"{path}/edit").text
    assert "Edited in Shopify" in market.merchant(f"/app/review/{the_product(shop).id}").text
    write(half=small[1], quarter=None)
    assert the_product(shop).options == [{"name": "Capacity", "values": ["half", "quarter"]}]
    [kept, new] = rows(shop)
    assert (kept, new[1:]) == ((small[0], small[1], ["half"], 5), (list(stock(market))[1], ["quarter"], 0))


def test_options_that_the_merchant_renamed_meanwhile_are_kept_and_every_variant_found_by_its_id(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    small, large = rows(shop)
    edit(portal, shop, path, **RENAMED)
    content = {
        "productOptions": [{"name": "Capacity", "values": [{"name": "350 ml"}, {"name": "500 ml"}]}],
        "variants": [
            {"id": row[1], "optionValues": [{"optionName": "Capacity", "name": value}]}
            for row, value in ((small, "350 ml"), (large, "500 ml"))
        ],
    }
    market.ask_shopify(MERCHANTS, {"id": the_product(shop).shopify_gid, "input": content})
    accept(market, shop, "options")
    market.settle()
    assert proposals(shop)[0].status is ProposalStatus.WAITING
    assert options(market) == [("Capacity", ["350 ml", "500 ml"])]
    assert rows(shop) == [(small[0], small[1], ["350 ml"], 5), (large[0], large[1], ["500 ml"], 3)]
    refused = accept(market, shop, "options")
    assert (refused.status_code, "the new names do not fit them" in refused.text) == (422, True)
    assert 'value="500 ml"' in portal.get(f"{path}/edit").text


def test_a_job_that_is_killed_between_its_calls_leaves_nothing_half_and_is_finished(
    market: Market, shop: Shop, portal: httpx.Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = rows(shop)
    edit(portal, shop, path, **RENAMED, title="Cup", large="30.00")
    price = next(field for field in proposals(shop)[0].changes if field.startswith("price"))
    accept(market, shop, "title", "options", price)
    for most, last in (
        (1, "productContent"),
        (2, "productSet"),
        (2, "productUpdate"),
        (3, "productVariantsBulkUpdate"),
    ):
        assert apply_until_killed(shop, monkeypatch, proposal_sync, option_sync, calls=most)[-1] == last
        renamed = last != "productContent"
        assert options(market) == ([("Format", ["Grand", "Small"])] if renamed else [("Size", ["Small", "Large"])])
        assert set(stock(market).values()) == {("Grand" if renamed else "Large", 3), ("Small", 5)}
    assert rows(shop) == [(small[0], small[1], ["Small"], 5), (large[0], large[1], ["Large"], 3)]
    market.settle()
    assert proposals(shop)[0].status is ProposalStatus.APPLIED
    assert (in_shopify(market)["title"], prices(market)) == ("Cup", ["30.00", "18.00"])
    assert rows(shop) == [(large[0], large[1], ["Grand"], 3), (small[0], small[1], ["Small"], 5)]


def test_options_that_shopify_took_before_it_refused_the_rest_are_followed(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    small, large = rows(shop)
    edit(portal, shop, path, **RENAMED)
    with db.scoped(shop.id) as session:
        # A category that Shopify has given up since the vendor chose it.
        [waiting] = session.scalars(select(ProductProposal)).all()
        gone = {"gid": "gid://shopify/TaxonomyCategory/none", "name": "Gone"}
        waiting.changes = waiting.changes | {"category": [None, gone]}
    accept(market, shop, "options", "category")
    market.settle()
    [back] = proposals(shop)
    assert (back.status, back.reason) == (
        ProposalStatus.CHANGES_REQUESTED,
        "The specified product category is invalid.",
    )
    assert options(market) == [("Format", ["Grand", "Small"])]
    assert rows(shop) == [(large[0], large[1], ["Grand"], 3), (small[0], small[1], ["Small"], 5)]
    assert 'value="Grand"' in portal.get(f"{path}/edit").text


def test_a_killed_job_that_finds_the_merchants_edit_afterwards_follows_what_it_did(
    market: Market, shop: Shop, portal: httpx.Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = rows(shop)
    edit(portal, shop, path, **RENAMED, title="Cup")
    accept(market, shop, "title", "options")
    apply_until_killed(shop, monkeypatch, option_sync)
    market.ask_shopify(RENAME, {"id": the_product(shop).shopify_gid})
    market.settle()
    assert proposals(shop)[0].status is ProposalStatus.WAITING
    assert in_shopify(market)["title"] == "Mug, renamed by Mona"
    assert rows(shop) == [(large[0], large[1], ["Grand"], 3), (small[0], small[1], ["Small"], 5)]
    accept(market, shop, "title", "options")
    market.settle()
    assert (proposals(shop)[0].status, in_shopify(market)["title"]) == (ProposalStatus.APPLIED, "Cup")
    assert options(market) == [("Format", ["Grand", "Small"])]


MEDIUM = {"new_0_value_0": "Medium", "new_0_price": "21.00", "new_0_stock": "4"}


def make_of_it(market: Market, shop: Shop, options: list[dict[str, Any]], variants: list[dict[str, Any]]) -> None:
    """The merchant makes these the product's options and variants, in Shopify."""
    content = {"productOptions": options, "variants": variants}
    market.ask_shopify(MERCHANTS, {"id": the_product(shop).shopify_gid, "input": content})
    market.settle()


def look_at_all(market: Market, shop: Shop, portal: httpx.Client, path: str) -> str:
    """Every page that tells of the edit is there; its review."""
    for page in (path, f"{path}/edit", "/portal/products"):
        assert portal.get(page).status_code == 200, page
    for page in ("/app/review", f"/app/review/{the_product(shop).id}"):
        assert market.merchant(page).status_code == 200, page
    return market.merchant(f"/app/review/edits/{proposals(shop)[0].id}").text


def test_an_edit_that_adds_a_variant_goes_along_when_the_merchant_renames_the_others(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    small, large = rows(shop)
    edit(portal, shop, path, **MEDIUM)
    named = [{"name": "350 ml"}, {"name": "500 ml"}]
    variants = [
        {"id": row[1], "optionValues": [{"optionName": "Size", "name": value["name"]}]}
        for row, value in ((small, named[0]), (large, named[1]))
    ]
    make_of_it(market, shop, [{"name": "Size", "values": named}], variants)
    assert "Medium: $21.00, 4 in stock" in look_at_all(market, shop, portal, path)
    form = portal.get(f"{path}/edit").text
    assert ('value="Medium"' in form, f'name="gone_{small[0]}" checked' in form) == (True, False)
    assert accept(market, shop, "variants").status_code == 200
    market.settle()
    assert proposals(shop)[0].status is ProposalStatus.APPLIED
    assert list(stock(market).values()) == [("350 ml", 5), ("500 ml", 3), ("Medium", 4)]
    assert [row[2] for row in rows(shop)] == [["350 ml"], ["500 ml"], ["Medium"]]


def test_a_variant_that_the_merchant_took_away_meanwhile_is_not_made_again(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    small, _ = rows(shop)
    edit(portal, shop, path, **MEDIUM)
    kept = [{"id": small[1], "optionValues": [{"optionName": "Size", "name": "Small"}]}]
    make_of_it(market, shop, [{"name": "Size", "values": [{"name": "Small"}]}], kept)
    assert "Medium: $21.00, 4 in stock" in look_at_all(market, shop, portal, path)
    accept(market, shop, "variants")
    market.settle()
    assert proposals(shop)[0].status is ProposalStatus.APPLIED
    assert list(stock(market).values()) == [("Small", 5), ("Medium", 4)]


@pytest.mark.parametrize("option", ["Title", "Colour"])
def test_a_new_variant_that_does_not_come_in_the_options_of_now_is_asked_for_again(
    market: Market, shop: Shop, portal: httpx.Client, path: str, option: str
) -> None:
    small, large = rows(shop)
    edit(portal, shop, path, **MEDIUM)
    if option == "Title":
        value = {"optionName": "Title", "name": "Default Title"}
        options, held = [{"name": "Title", "values": [{"name": "Default Title"}]}], [[value]]
    else:
        blue = {"optionName": "Colour", "name": "Blue"}
        options = [{"name": "Size", "values": [{"name": "Small"}, {"name": "Large"}]}]
        options.append({"name": "Colour", "values": [{"name": "Blue"}]})
        held = [[{"optionName": "Size", "name": size}, blue] for size in ("Small", "Large")]
    variants = [{"id": row[1], "optionValues": values} for row, values in zip((small, large), held, strict=False)]
    make_of_it(market, shop, options, variants)
    assert "Edited in Shopify" in look_at_all(market, shop, portal, path)
    refused = accept(market, shop, "variants")
    assert (refused.status_code, "the edit does not fit them" in refused.text) == (422, True)
    assert ('value="Medium"' in portal.get(f"{path}/edit").text) == (option == "Colour")
    portal.post(f"{path}/withdraw")
    market.settle()
    assert the_product(shop).status == "draft"
    assert [row[2] for row in rows(shop)] == (
        [["Default Title"]] if option == "Title" else [["Small", "Blue"], ["Large", "Blue"]]
    )


def size(value: str, **more: str | None) -> dict[str, Any]:
    """A variant as the merchant writes it; without an id it is made."""
    return {"optionValues": [{"optionName": "Size", "name": value}]} | more


def test_a_variant_that_the_merchant_adds_meanwhile_stays_beside_what_an_edit_adds(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    small, large = rows(shop)
    edit(portal, shop, path, **MEDIUM)
    values = [{"name": "Small"}, {"name": "Large"}, {"name": "Huge"}]
    made = [size("Small", id=small[1]), size("Large", id=large[1]), size("Huge", price="40.00")]
    make_of_it(market, shop, [{"name": "Size", "values": values}], made)
    review = look_at_all(market, shop, portal, path)
    assert ("Medium: $21.00, 4 in stock" in review, "<del>" in review) == (True, False)
    gone = re.findall(r'<input[^>]*name="gone_[^>]*>', portal.get(f"{path}/edit").text)
    assert [" checked" in box for box in gone] == [False] * 3
    accept(market, shop, "variants")
    market.settle()
    assert proposals(shop)[0].status is ProposalStatus.APPLIED
    assert sorted(stock(market).values()) == [("Huge", 0), ("Large", 3), ("Medium", 4), ("Small", 5)]


def test_options_that_a_killed_job_renamed_are_accepted_again_with_a_new_variant(
    market: Market, shop: Shop, portal: httpx.Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = rows(shop)
    both = [
        {"name": "Size", "values": [{"name": "Small"}, {"name": "Large"}]},
        {"name": "Colour", "values": [{"name": "Red"}, {"name": "Blue"}]},
    ]
    red, blue = ({"optionName": "Colour", "name": name} for name in ("Red", "Blue"))
    held = [size("Small", id=small[1]), size("Large", id=large[1])]
    held = [
        {**each, "optionValues": [*each["optionValues"], colour]}
        for each, colour in zip(held, (red, blue), strict=True)
    ]
    make_of_it(market, shop, both, held)
    colours = {"option_1_was": "Colour", "option_1_name": "Colour", "value_1_0_was": "Red", "value_1_0_name": "Red"}
    colours |= {"value_1_1_was": "Blue", "value_1_1_name": "Blue"}
    new = {"new_0_value_0": "Small", "new_0_value_1": "Blue", "new_0_price": "9.00", "new_0_stock": "1"}
    edit(portal, shop, path, **RENAMED, **colours, **new, title="Cup")
    accept(market, shop, "title", "options", "variants")
    apply_until_killed(shop, monkeypatch, option_sync)
    market.ask_shopify(RENAME, {"id": the_product(shop).shopify_gid})
    market.settle()
    assert proposals(shop)[0].status is ProposalStatus.WAITING
    assert accept(market, shop, "title", "options", "variants").status_code == 200
    market.settle()
    assert proposals(shop)[0].status is ProposalStatus.APPLIED
    named = [["Grand", "Blue"], ["Small", "Red"], ["Small", "Blue"]]
    assert sorted(row[2] for row in rows(shop)) == sorted(named)
