"""Editing a product that is on sale: what goes live at once, what waits, and what the shop changed meanwhile."""

import re
from types import ModuleType
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from app import db
from app.models.products import ProductImage, ProductProposal, ProposalStatus, Variant
from app.models.shops import Shop, ShopSettings
from app.products import proposal_sync
from app.shopify.client import graphql
from tests.scenarios.market import Market
from tests.scenarios.test_product_listing import add_picture, in_shopify, picture, send_mug, the_product

RENAME = """mutation ($id: ID!) { productUpdate(product: {id: $id, title: "Mug, renamed by Mona"}) {
  userErrors { message } } }"""


@pytest.fixture
def path(market: Market, shop: Shop, portal: httpx.Client) -> str:
    """A mug on sale, small for 18.00 and large for 24.50."""
    path = send_mug(market, portal)
    market.merchant(f"/app/review/{the_product(shop).id}/approve", {})
    market.settle()
    return path


def edit(portal: httpx.Client, shop: Shop, path: str, **changes: str) -> httpx.Response:
    """The edit form as the page fills it, with some fields typed over; `small` and `large` are prices."""
    with db.scoped(shop.id) as session:
        small, large = session.scalars(select(Variant).order_by(Variant.position)).all()
    form = {
        "title": "Stoneware mug",
        "description": "<p>Thrown by hand.</p><p>Holds <b>350 ml</b> &amp; more.</p>",
        f"price_{small.id}": changes.pop("small", "18.00"),
        f"price_{large.id}": changes.pop("large", "24.50"),
        f"sku_{small.id}": "MUG-S",
        f"sku_{large.id}": "MUG-L",
    }
    return portal.post(f"{path}/edit", data=form | changes)


def proposals(shop: Shop) -> list[ProductProposal]:
    with db.scoped(shop.id) as session:
        return list(session.scalars(select(ProductProposal).order_by(ProductProposal.id)))


def seen(page: httpx.Response) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page.text)
    assert found, page.text
    return found[1]


class KilledError(BaseException):
    """The process is gone: nothing of ours catches this."""


def apply_until_killed(shop: Shop, patches: pytest.MonkeyPatch, *modules: ModuleType, calls: int = 1) -> list[str]:
    """The first edit goes to Shopify by a worker that is killed after so many calls of these modules: those it made."""
    called: list[str] = []

    def ask(*asked: Any) -> Any:
        answer = graphql(*asked)
        called.append(asked[1])
        if len(called) == calls:
            raise KilledError
        return answer

    with patches.context() as patch:
        for module in modules:
            patch.setattr(module, "graphql", ask)
        with pytest.raises(KilledError):
            proposal_sync.apply_proposal(shop.id, proposals(shop)[0].id)
    return called


def prices(market: Market) -> list[str]:
    return [node["price"] for node in in_shopify(market)["variants"]["nodes"]]


def test_an_edit_waits_and_only_what_is_ticked_goes_on_sale(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    answer = edit(portal, shop, path, title="Stoneware mug, speckled", small="30.00")
    assert "2 changes wait for" in answer.text
    assert "Waits for an answer" in answer.text
    market.settle()
    assert (in_shopify(market)["title"], prices(market)) == ("Stoneware mug", ["18.00", "24.50"])
    [waiting] = proposals(shop)
    queue = market.merchant("/app/review")
    assert "Edit: Title, Price" in queue.text
    page = market.merchant(f"/app/review/edits/{waiting.id}")
    assert "<ins>" in page.text
    assert "$30.00" in page.text
    none = market.merchant(f"/app/review/edits/{waiting.id}/accept", {"seen": seen(page)})
    assert (none.status_code, "Tick at least one change" in none.text) == (422, True)
    market.merchant(f"/app/review/edits/{waiting.id}/accept", {"seen": seen(page), "field": "title"})
    market.settle()
    assert (in_shopify(market)["title"], prices(market)) == ("Stoneware mug, speckled", ["18.00", "24.50"])
    assert proposals(shop)[0].status is ProposalStatus.APPLIED
    assert the_product(shop).title == "Stoneware mug, speckled"
    assert market.mails("ada@example.com")[0]["subject"] == "Your changes to Stoneware mug, speckled are in the shop"
    shown = portal.get(path).text
    assert "(not taken over)" in shown
    assert "In the shop" in shown


def test_a_price_within_the_band_is_live_at_once_and_cannot_creep(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    with db.scoped(shop.id) as session:
        session.execute(update(ShopSettings).values(price_band_bps=1000))
    assert "1 change on the way to the shop now" in edit(portal, shop, path, small="19.80").text
    assert "just being put in the shop" in edit(portal, shop, path, small="19.70").text
    market.settle()
    assert prices(market) == ["19.80", "24.50"]
    assert "1 change waits" in edit(portal, shop, path, small="21.00").text
    market.settle()
    assert prices(market) == ["19.80", "24.50"]
    with db.scoped(shop.id) as session:
        history = market.merchant(f"/app/review/{the_product(shop).id}").text
        assert session.scalars(select(Variant.price_minor).order_by(Variant.position)).all() == [1980, 2450]
    assert "Edit within your rules" in history
    assert "Edited in Shopify" not in history


def test_what_staff_edited_in_shopify_is_shown_and_not_overwritten(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    edit(portal, shop, path, title="Cup", small="30.00")
    [waiting] = proposals(shop)
    before = market.merchant(f"/app/review/edits/{waiting.id}")
    market.ask_shopify(RENAME, {"id": the_product(shop).shopify_gid})
    market.settle()
    stale = market.merchant(f"/app/review/edits/{waiting.id}/accept", {"seen": seen(before), "field": "title"})
    assert stale.status_code == 409
    listed = market.merchant("/app/review/approve", {"tick": f"edit {waiting.id} 1"})
    assert "edited in Shopify meanwhile" in listed.text
    page = market.merchant(f"/app/review/edits/{waiting.id}")
    assert "Mug, renamed by Mona" in page.text
    assert re.search(r'value="title" label="Title"></s-checkbox>', page.text), "what differs is not ticked by itself"
    field = next(f for f in waiting.changes if f.startswith("price"))
    market.merchant(f"/app/review/edits/{waiting.id}/accept", {"seen": seen(page), "field": field})
    market.settle()
    assert (in_shopify(market)["title"], prices(market)) == ("Mug, renamed by Mona", ["30.00", "24.50"])


def test_an_edit_in_the_very_last_moment_sends_the_decision_back(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    edit(portal, shop, path, title="Cup")
    [waiting] = proposals(shop)
    page = market.merchant(f"/app/review/edits/{waiting.id}")
    market.ask_shopify(RENAME, {"id": the_product(shop).shopify_gid})
    market.merchant(f"/app/review/edits/{waiting.id}/accept", {"seen": seen(page), "field": "title"})
    market.settle()
    [back] = proposals(shop)
    assert (back.status, back.version) == (ProposalStatus.WAITING, 2)
    assert in_shopify(market)["title"] == "Mug, renamed by Mona"


def test_an_edit_is_declined_with_a_reason_and_sent_again(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    edit(portal, shop, path, title="BEST MUG")
    [waiting] = proposals(shop)
    at = f"/app/review/edits/{waiting.id}"
    assert market.merchant(f"{at}/ask_for_changes", {"reason": " ", "version": "1"}).status_code == 422
    market.merchant(f"{at}/ask_for_changes", {"reason": "No capitals, please.", "version": "1"})
    market.settle()
    assert "No capitals, please." in market.mails("ada@example.com")[0]["text"]
    assert "No capitals, please." in portal.get(f"{path}/edit").text
    edit(portal, shop, path, title="Best mug")
    late = market.merchant(f"{at}/reject", {"reason": "Still no.", "version": "1"})
    assert (late.status_code, "changed the edit meanwhile" in late.headers["HX-Trigger"]) == (409, True)
    market.merchant(f"{at}/reject", {"reason": "Still no.", "version": "2"})
    assert "Still no." in portal.get(path).text
    assert proposals(shop)[0].status is ProposalStatus.REJECTED


def test_several_edits_and_products_are_approved_with_a_result_for_each(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    edit(portal, shop, path, title="Cup")
    [waiting] = proposals(shop)
    ticks = [f"edit {waiting.id} 1", "product 999", "edit nonsense"]
    answer = market.merchant("/app/review/approve", {"tick": ticks})
    assert "Done for 1 of 3." in answer.headers["HX-Trigger"]
    assert "The changes go live now." in answer.text
    market.settle()
    assert in_shopify(market)["title"] == "Cup"


def test_a_product_taken_off_sale_keeps_the_edit_in_its_draft(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    edit(portal, shop, path, title="Cup", small="30.00")
    portal.post(f"{path}/withdraw")
    market.settle()
    assert proposals(shop)[0].status is ProposalStatus.WITHDRAWN
    assert the_product(shop).title == "Cup"
    assert 'value="30.00"' in portal.get(path).text


def test_another_vendor_and_bad_input_change_nothing(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    wrong = edit(portal, shop, path, title="", small="cheap")
    assert (wrong.status_code, "Nothing was sent yet" in wrong.text, 'value="cheap"' in wrong.text) == (422, True, True)
    bea = market.onboard("Bea's Bakery", "bea@example.com")
    assert bea.get(f"{path}/edit").status_code == 404
    assert bea.post(f"{path}/edit", data={"title": "Stolen"}).status_code == 404
    assert bea.post(f"{path}/edit/withdraw").status_code == 404
    assert proposals(shop) == []


MEDIA = """{ products(first: 1) { nodes { id media(first: 10) { nodes { id alt } } } } }"""


def alts(market: Market) -> list[str]:
    [node] = market.ask_shopify(MEDIA)["products"]["nodes"]
    return [each["alt"] for each in node["media"]["nodes"]]


def pictures(shop: Shop) -> list[ProductImage]:
    with db.scoped(shop.id) as session:
        return list(session.scalars(select(ProductImage).order_by(ProductImage.position, ProductImage.id)))


def test_pictures_are_added_moved_and_removed_by_an_edit(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    front, back = pictures(shop)
    assert add_picture(portal, path, "Inside.png", picture("olive")).status_code == 200
    market.settle()
    inside = pictures(shop)[2]
    assert (inside.live, bool(inside.url)) == (False, True)
    page = portal.get(f"{path}/edit").text
    assert f'name="remove_{inside.id}"' in page
    # Until it is decided the picture is neither on the product's page nor in the shop.
    assert str(inside.url) not in portal.get(path).text
    wanted = {
        f"place_{inside.id}": "1",
        f"alt_{inside.id}": "Inside",
        f"place_{back.id}": "2",
        f"alt_{back.id}": "Back",
    }
    answer = edit(portal, shop, path, **wanted, **{f"alt_{front.id}": "Front", f"remove_{front.id}": "on"})
    assert "1 change waits for" in answer.text
    assert alts(market) == ["", ""]
    [waiting] = proposals(shop)
    review = market.merchant(f"/app/review/edits/{waiting.id}")
    assert [mark in review.text for mark in ('class="new"', 'class="gone"')] == [True, True]
    market.merchant(f"/app/review/edits/{waiting.id}/accept", {"field": "pictures", "seen": seen(review)})
    market.settle()
    assert proposals(shop)[0].status == ProposalStatus.APPLIED
    assert alts(market) == ["Inside", "Back"]
    assert [(row.id, row.alt, row.live) for row in pictures(shop)] == [
        (inside.id, "Inside", True),
        (back.id, "Back", True),
    ]


def test_pictures_that_the_merchant_changed_meanwhile_come_back_to_be_compared(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    front, back = pictures(shop)
    edit(portal, shop, path, **{f"alt_{front.id}": "Front", f"alt_{back.id}": "Back", f"remove_{back.id}": "on"})
    [waiting] = proposals(shop)
    review = market.merchant(f"/app/review/edits/{waiting.id}")
    mutation = """mutation ($id: ID!, $files: [FileSetInput!]) {
      productSet(identifier: {id: $id}, input: {files: $files}, synchronous: true) { userErrors { message } } }"""
    files = [{"id": back.shopify_gid, "alt": "Mona's words"}]
    market.ask_shopify(mutation, {"id": the_product(shop).shopify_gid, "files": files})
    market.merchant(f"/app/review/edits/{waiting.id}/accept", {"field": "pictures", "seen": seen(review)})
    market.settle()
    assert proposals(shop)[0].status == ProposalStatus.WAITING
    assert alts(market) == ["Mona's words"]
    assert [row.alt for row in pictures(shop)] == ["Mona's words"]


def test_a_withdrawn_edit_forgets_the_pictures_it_would_have_added(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    add_picture(portal, path, "Inside.png", picture("olive"))
    market.settle()
    added = pictures(shop)[2]
    edit(portal, shop, path, **{f"alt_{added.id}": "Inside"})
    assert list(proposals(shop)[0].changes) == ["pictures"]
    portal.post(f"{path}/edit/withdraw")
    assert len(pictures(shop)) == 2


VARIANTS = """{ products(first: 1) { nodes { variants(first: 10) { nodes {
  id price sku inventoryQuantity selectedOptions { value } } } } } }"""


def in_the_shop(market: Market) -> list[tuple[str, str, str, int]]:
    [node] = market.ask_shopify(VARIANTS)["products"]["nodes"]
    return [
        (each["selectedOptions"][0]["value"], each["price"], each["sku"], each["inventoryQuantity"])
        for each in node["variants"]["nodes"]
    ]


def test_variants_are_added_and_removed_by_an_edit(market: Market, shop: Shop, portal: httpx.Client, path: str) -> None:
    with db.scoped(shop.id) as session:
        small, large = session.scalars(select(Variant).order_by(Variant.position)).all()
    new = {"new_0_value_0": "Huge", "new_0_price": "40.00", "new_0_sku": "MUG-H", "new_0_stock": "2"}
    wrong = edit(portal, shop, path, **{**new, "new_0_value_0": "small", "new_0_price": ""})
    assert "There is such a variant already." in wrong.text
    assert "Enter a price above zero." in wrong.text
    everything = {f"gone_{small.id}": "on", f"gone_{large.id}": "on"}
    assert "Keep at least one variant" in edit(portal, shop, path, **everything).text
    answer = edit(portal, shop, path, **new, **{f"gone_{small.id}": "on"})
    assert "1 change waits for" in answer.text
    assert 'value="Huge"' in portal.get(f"{path}/edit").text
    [waiting] = proposals(shop)
    review = market.merchant(f"/app/review/edits/{waiting.id}")
    assert "Huge: $40.00, 2 in stock" in review.text
    market.merchant(f"/app/review/edits/{waiting.id}/accept", {"field": "variants", "seen": seen(review)})
    market.settle()
    assert proposals(shop)[0].status == ProposalStatus.APPLIED
    assert in_the_shop(market) == [("Large", "24.50", "MUG-L", 3), ("Huge", "40.00", "MUG-H", 2)]
    with db.scoped(shop.id) as session:
        rows = session.scalars(select(Variant).order_by(Variant.position)).all()
        assert [(row.id == large.id, row.sku, row.stock, bool(row.shopify_gid)) for row in rows] == [
            (True, "MUG-L", 3, True),
            (False, "MUG-H", 2, True),
        ]
        assert the_product(shop).options == [{"name": "Size", "values": ["Large", "Huge"]}]


def set_sizes(market: Market, shop: Shop, values: list[str]) -> None:
    """The merchant makes these the product's variants, in Shopify."""
    mutation = """mutation ($id: ID!, $input: ProductSetInput!) {
      productSet(identifier: {id: $id}, input: $input, synchronous: true) { userErrors { message } } }"""
    content = {
        "productOptions": [{"name": "Size", "position": 1, "values": [{"name": value} for value in values]}],
        "variants": [{"optionValues": [{"optionName": "Size", "name": value}], "price": "9.00"} for value in values],
    }
    market.ask_shopify(mutation, {"id": the_product(shop).shopify_gid, "input": content})


def test_variants_beyond_the_hundred_that_are_read_are_never_lost(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    edit(portal, shop, path, new_0_value_0="Huge", new_0_price="40.00", new_0_stock="2")
    review = market.merchant(f"/app/review/edits/{proposals(shop)[0].id}")
    set_sizes(market, shop, ["Small", "Large", *map(str, range(99))])
    market.merchant(f"/app/review/edits/{proposals(shop)[0].id}/accept", {"field": "variants", "seen": seen(review)})
    market.settle()
    assert proposals(shop)[0].status == ProposalStatus.CHANGES_REQUESTED
    assert "more than 100 variants" in portal.get(f"{path}/edit").text
    [node] = market.ask_shopify("{ products(first: 1) { nodes { variantsCount { count } } } }")["products"]["nodes"]
    assert node["variantsCount"]["count"] == 101


def test_a_variant_that_the_merchant_added_meanwhile_is_seen_and_kept(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    new = {"new_0_value_0": "Huge", "new_0_price": "40.00", "new_0_stock": "2"}
    edit(portal, shop, path, **new)
    [waiting] = proposals(shop)
    review = market.merchant(f"/app/review/edits/{waiting.id}")
    set_sizes(market, shop, ["Small", "Large", "Tiny"])
    market.merchant(f"/app/review/edits/{waiting.id}/accept", {"field": "variants", "seen": seen(review)})
    market.settle()
    assert proposals(shop)[0].status == ProposalStatus.WAITING
    assert [row[0] for row in in_the_shop(market)] == ["Small", "Large", "Tiny"]
    with db.scoped(shop.id) as session:
        assert session.scalars(select(Variant.option_values).order_by(Variant.position)).all() == [
            ["Small"],
            ["Large"],
            ["Tiny"],
        ]
    assert "Edited in Shopify" in market.merchant(f"/app/review/edits/{waiting.id}").text


def test_category_search_words_and_pictures_that_staff_changed_are_ours_at_once_and_a_waiting_edit_stays(
    market: Market, shop: Shop, portal: httpx.Client, path: str
) -> None:
    _, back = pictures(shop)
    edit(portal, shop, path, title="Stoneware mug, speckled")
    change = """mutation ($product: ProductUpdateInput!, $id: ID!, $files: [FileSetInput!]) {
      productUpdate(product: $product) { userErrors { message } }
      productSet(identifier: {id: $id}, input: {files: $files}, synchronous: true) { userErrors { message } } }"""
    gid = the_product(shop).shopify_gid
    words = {"id": gid, "category": "gid://shopify/TaxonomyCategory/hg-3", "seo": {"title": "Mona's words"}}
    market.ask_shopify(
        change, {"product": words, "id": gid, "files": [{"id": back.shopify_gid, "alt": "Seen by Mona"}]}
    )
    market.settle()
    product = the_product(shop)
    assert (product.category_gid, product.seo_title) == ("gid://shopify/TaxonomyCategory/hg-3", "Mona's words")
    assert [row.alt for row in pictures(shop)] == ["Seen by Mona"]
    assert [one.status for one in proposals(shop)] == [ProposalStatus.WAITING]
    assert "Mona&#39;s words" in portal.get(f"{path}/edit").text
