"""A picture of its own for each variant: chosen in the draft, changed by an edit, and what the shop does about it."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app import db
from app.models.products import ProductImage, ProposalStatus, Variant
from app.models.shops import Shop
from app.products import proposal_sync, variant_pictures
from app.shopify.client import graphql
from app.shopify.errors import ShopifyUserErrors, UserError
from tests.scenarios.market import Market
from tests.scenarios.test_product_edits import apply_until_killed, edit, pictures, proposals, seen
from tests.scenarios.test_product_listing import add_picture, mug_form, picture, start_mug, the_product

SHOWN = """{ products(first: 1) { nodes { variants(first: 10) { nodes {
  selectedOptions { value } media(first: 1) { nodes { id } } } } } } }"""


def shown(market: Market) -> dict[str, str | None]:
    """What Shopify has: by a variant's value, its picture."""
    [node] = market.ask_shopify(SHOWN)["products"]["nodes"]
    found = {each["selectedOptions"][0]["value"]: each["media"]["nodes"] for each in node["variants"]["nodes"]}
    return {value: nodes[0]["id"] if nodes else None for value, nodes in found.items()}


def ours(shop: Shop) -> list[int | None]:
    with db.scoped(shop.id) as session:
        return list(session.scalars(select(Variant.image_id).order_by(Variant.position)))


def sell(market: Market, portal: httpx.Client, shop: Shop) -> tuple[str, Sequence[ProductImage]]:
    """A mug on sale whose large variant shows the second picture."""
    path = start_mug(portal)
    market.settle()
    images = pictures(shop)
    page = portal.post(path, data=mug_form(do="save", variant_1_picture=str(images[1].id)))
    assert f'<option value="{images[1].id}" selected>' in page.text
    portal.post(path, data=mug_form(variant_1_picture=str(images[1].id)))
    market.settle()
    assert market.merchant(f"/app/review/{the_product(shop).id}").text.count("s-thumbnail") == 2
    market.merchant(f"/app/review/{the_product(shop).id}/approve", {})
    market.settle()
    return path, images


def variant_ids(shop: Shop) -> tuple[int, int]:
    with db.scoped(shop.id) as session:
        small, large = session.scalars(select(Variant.id).order_by(Variant.position)).all()
    return small, large


def accept(market: Market, shop: Shop, *fields: str) -> httpx.Response:
    at = f"/app/review/edits/{proposals(shop)[-1].id}"
    answer = market.merchant(f"{at}/accept", {"field": list(fields), "seen": seen(market.merchant(at))})
    market.settle()
    return answer


def test_a_variant_shows_the_picture_that_was_chosen_for_it_until_an_edit_says_otherwise(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path, (front, back) = sell(market, portal, shop)
    assert shown(market) == {"Small": None, "Large": back.shopify_gid}
    with db.scoped(shop.id) as session:
        small, large = session.scalars(select(Variant.id).order_by(Variant.position)).all()
    chosen = {f"picture_{small}": str(front.id), f"picture_{large}": str(front.id)}
    assert "2 changes wait" in edit(portal, shop, path, **chosen).text
    assert portal.get(f"{path}/edit").text.count(f'<option value="{front.id}" selected>') == 2
    assert market.merchant(f"/app/review/edits/{proposals(shop)[-1].id}").text.count("Picture, ") == 2
    accept(market, shop, f"picture {small}", f"picture {large}")
    assert proposals(shop)[-1].status is ProposalStatus.APPLIED
    assert shown(market) == {"Small": front.shopify_gid, "Large": front.shopify_gid}
    assert ours(shop) == [front.id, front.id]
    # What goes takes its variants' choice with it, and nothing keeps a variant from having none again.
    edit(portal, shop, path, **{f"alt_{back.id}": "", f"alt_{front.id}": "", f"remove_{front.id}": "on"})
    accept(market, shop, "pictures")
    assert (shown(market), ours(shop)) == ({"Small": None, "Large": None}, [None, None])


def test_a_new_variant_comes_with_a_new_picture_and_not_without_it(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path, (front, back) = sell(market, portal, shop)
    add_picture(portal, path, "Inside.png", picture("olive"))
    market.settle()
    inside = pictures(shop)[2]
    rows = {f"alt_{image.id}": "" for image in (front, back, inside)}
    new = {"new_0_value_0": "Medium", "new_0_price": "21.00", "new_0_picture": str(inside.id)}
    edit(portal, shop, path, **rows, **new)
    refused = accept(market, shop, "variants")
    assert (refused.status_code, "tick Pictures, too" in refused.text) == (422, True)
    accept(market, shop, "variants", "pictures")
    assert shown(market) == {"Small": None, "Large": back.shopify_gid, "Medium": inside.shopify_gid}
    assert ours(shop) == [None, back.id, inside.id]


def test_what_the_merchant_chose_for_a_variant_meanwhile_is_compared_again(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path, (front, back) = sell(market, portal, shop)
    with db.scoped(shop.id) as session:
        large = session.scalars(select(Variant).order_by(Variant.position)).all()[1]
    edit(portal, shop, path, **{f"picture_{large.id}": str(front.id)})
    mutation = """mutation ($id: ID!, $of: [ProductVariantDetachMediaInput!]!) {
      productVariantDetachMedia(productId: $id, variantMedia: $of) { userErrors { message } } }"""
    detached = [{"variantId": large.shopify_gid, "mediaIds": [back.shopify_gid]}]
    market.ask_shopify(mutation, {"id": the_product(shop).shopify_gid, "of": detached})
    accept(market, shop, f"picture {large.id}")
    assert (proposals(shop)[-1].status, ours(shop)) == (ProposalStatus.WAITING, [None, None])
    accept(market, shop, f"picture {large.id}")
    assert (shown(market)["Large"], ours(shop)) == (front.shopify_gid, [None, front.id])


def test_the_picture_that_shows_a_variant_is_taken_away_and_the_variant_is_shown_by_another(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path, (front, back) = sell(market, portal, shop)
    small, large = variant_ids(shop)
    without_back = {f"alt_{front.id}": "", f"alt_{back.id}": "", f"remove_{back.id}": "on", f"picture_{small}": ""}
    edit(portal, shop, path, **without_back, **{f"picture_{large}": str(back.id)}, title="Cup")
    assert set(proposals(shop)[-1].changes) == {"title", "pictures", f"picture {large}"}
    edit(portal, shop, path, **without_back, **{f"picture_{large}": str(front.id)}, title="Cup")
    accept(market, shop, *proposals(shop)[-1].changes)
    assert proposals(shop)[-1].status is ProposalStatus.APPLIED
    assert (shown(market), ours(shop)) == ({"Small": None, "Large": front.shopify_gid}, [None, front.id])


def test_a_variant_whose_picture_is_taken_away_shows_the_products(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path, (front, back) = sell(market, portal, shop)
    small, large = variant_ids(shop)
    rows = {f"alt_{front.id}": "", f"alt_{back.id}": "", f"remove_{back.id}": "on"}
    edit(portal, shop, path, **rows, **{f"picture_{small}": "", f"picture_{large}": str(back.id)})
    accept(market, shop, *proposals(shop)[-1].changes)
    assert proposals(shop)[-1].status is ProposalStatus.APPLIED
    assert (shown(market), ours(shop)) == ({"Small": None, "Large": None}, [None, None])
    assert [image.id for image in pictures(shop)] == [front.id]


def test_a_job_that_is_killed_between_two_pictures_of_a_variant_is_finished(
    market: Market, shop: Shop, portal: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, (front, _) = sell(market, portal, shop)
    _, large = variant_ids(shop)
    edit(portal, shop, path, **{f"picture_{large}": str(front.id)})
    at = f"/app/review/edits/{proposals(shop)[-1].id}"
    market.merchant(f"{at}/accept", {"field": f"picture {large}", "seen": seen(market.merchant(at))})
    apply_until_killed(shop, monkeypatch, variant_pictures)
    assert shown(market)["Large"] is None
    market.settle()
    assert proposals(shop)[-1].status is ProposalStatus.APPLIED
    assert (shown(market)["Large"], ours(shop)) == (front.shopify_gid, [None, front.id])


def test_what_shopify_did_before_it_refused_a_picture_is_written_down(
    market: Market, shop: Shop, portal: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, (front, back) = sell(market, portal, shop)
    _, large = variant_ids(shop)
    rows = {f"alt_{front.id}": "", f"alt_{back.id}": "Behind"}
    edit(portal, shop, path, **rows, **{f"picture_{large}": str(front.id)}, title="Cup")
    at = f"/app/review/edits/{proposals(shop)[-1].id}"
    fields = list(proposals(shop)[-1].changes)
    market.merchant(f"{at}/accept", {"field": fields, "seen": seen(market.merchant(at))})

    def refuses(credentials: Any, document: str, variables: dict[str, Any]) -> Any:
        if document == "productVariantsBulkUpdate":
            raise ShopifyUserErrors(document, [UserError("variants", "Not this one.", None)])
        return graphql(credentials, document, variables)

    with monkeypatch.context() as patch:
        patch.setattr(variant_pictures, "graphql", refuses)
        proposal_sync.apply_proposal(shop.id, proposals(shop)[0].id)
    assert (proposals(shop)[-1].status, proposals(shop)[-1].reason) == (
        ProposalStatus.CHANGES_REQUESTED,
        "Not this one.",
    )
    assert (the_product(shop).title, [image.alt for image in pictures(shop)]) == ("Cup", ["", "Behind"])
    assert (shown(market)["Large"], ours(shop)) == (None, [None, None])


def test_a_picture_that_staff_gave_a_variant_stays_when_the_product_is_sent_again(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path, (front, _) = sell(market, portal, shop)
    mutation = """mutation ($id: ID!, $variants: [ProductVariantsBulkInput!]!) {
      productVariantsBulkUpdate(productId: $id, variants: $variants) { userErrors { message } } }"""
    with db.scoped(shop.id) as session:
        small = session.scalars(select(Variant.shopify_gid).order_by(Variant.position)).first()
    chosen = [{"id": small, "mediaId": front.shopify_gid}]
    market.ask_shopify(mutation, {"id": the_product(shop).shopify_gid, "variants": chosen})
    portal.post(f"{path}/withdraw")
    market.settle()
    portal.post(path, data=mug_form())
    market.settle()
    assert shown(market) == {"Small": front.shopify_gid, "Large": None}, "the large one's is the vendor's to take away"
