"""What a category asks: chosen in the portal, looked at in the review, written to Shopify as its own metafields."""

import html
import json
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from app import db
from app.models.products import Product, ProductProposal, Variant
from app.models.shops import Shop
from app.products import attribute_sync, sweeps
from app.shopify.errors import ShopifyError
from tests.scenarios.market import Market
from tests.scenarios.test_product_listing import mug_form, start_mug, the_product

MUGS = "gid://shopify/TaxonomyCategory/hg-11-10-5-5"
SCARVES = "gid://shopify/TaxonomyCategory/aa-2-26"
IN_SHOPIFY = """query ($id: ID!) { product(id: $id) { metafields(first: 20, namespace: "shopify") { nodes {
  key references(first: 10) { nodes { ... on Metaobject { id displayName handle } } } } } } }"""
THEIR_CERAMIC = """mutation { made: metaobjectUpsert(handle: {type: "shopify--material", handle: "ceramic"},
  metaobject: {fields: [{key: "label", value: "Our own clay"}, {key: "taxonomy_reference", value: "gid://shopify/TaxonomyValue/643"}]
  }) { metaobject { id } userErrors { message } } }"""
ENABLE = """mutation { standardMetaobjectDefinitionEnable(type: "shopify--material") { userErrors { message } } }"""


def asked(portal: httpx.Client, category: str) -> dict[str, str]:
    """Attributes that the form offers for a category: name → gid."""
    page = portal.get("/portal/products/attributes", params={"category": category}).text
    return {name: gid for gid, name in re.findall(r'data-attribute="([^"]+)" data-name="([^"]+)"', page)}


def choose(portal: httpx.Client, category: str, **wanted: list[str]) -> str:
    """What the page's script puts into the form for values picked by name."""
    rows = []
    for name, gid in asked(portal, category).items():
        page = portal.get("/portal/products/attributes/values", params={"attribute": gid}).text
        offered = re.findall(r'data-value="([^"]+)" data-words="([^"]+)" data-seal="([^"]+)"', page)
        rows += [
            {"of": gid, "name": name, "gid": value, "value": html.unescape(words), "seal": seal}
            for value, words, seal in offered
            if html.unescape(words) in wanted.get(name, [])
        ]
    return json.dumps(rows)


def in_shopify(market: Market, shop: Shop) -> dict[str, list[str]]:
    """The standard metafields of the product, by key: the names of the entries that they point at."""
    found = market.ask_shopify(IN_SHOPIFY, {"id": the_product(shop).shopify_gid})["product"]
    return {
        each["key"]: [node["displayName"] for node in each["references"]["nodes"]]
        for each in found["metafields"]["nodes"]
    }


def send(market: Market, portal: httpx.Client, **chosen: Any) -> str:
    path = start_mug(portal)
    market.settle()
    category = {"category_gid": MUGS, "category_name": "Mugs", "attributes": choose(portal, MUGS, **chosen)}
    answer = portal.post(path, data=mug_form(**category))
    assert "Sent. You get an e-mail" in answer.text, answer.text
    market.settle()
    return path


def test_the_tree_can_be_walked_and_searched(market: Market, portal: httpx.Client) -> None:
    roots = portal.get("/portal/products/categories", params={"under": ""}).text
    assert "Home &amp; Garden" in roots
    under = portal.get(
        "/portal/products/categories", params={"under": "gid://shopify/TaxonomyCategory/hg-11-10-5"}
    ).text
    assert f'data-gid="{MUGS}"' in under
    assert "Back over Tableware" in under
    assert "Home &amp; Garden &gt; Kitchen" in portal.get("/portal/products/categories", params={"search": "mugs"}).text
    assert set(asked(portal, MUGS)) == {"Color", "Pattern", "Material"}
    assert asked(portal, "gid://shopify/Order/1") == {}, "nothing else of the shop is read by this door"


def test_answers_become_the_metafields_that_shopify_itself_fills(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path = send(market, portal, Material=["Ceramic", "Glass"], Color=["Blue"], Pattern=["Dots"])
    assert in_shopify(market, shop) == {"color-pattern": ["Blue dots"], "material": ["Ceramic", "Glass"]}
    review = market.merchant(f"/app/review/{the_product(shop).id}").text
    assert "Ceramic, Glass" in review
    assert "Ceramic, Glass" in portal.get(path).text


def test_an_entry_of_the_merchants_own_is_used_as_it_is(market: Market, shop: Shop, portal: httpx.Client) -> None:
    market.ask_shopify(ENABLE)
    market.ask_shopify(THEIR_CERAMIC)
    send(market, portal, Material=["Ceramic"])
    assert in_shopify(market, shop) == {"material": ["Our own clay"]}


def test_an_edit_of_the_details_waits_and_replaces_what_was_there(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path = send(market, portal, Material=["Ceramic"], Color=["Blue"])
    market.merchant(f"/app/review/{the_product(shop).id}/approve", {})
    market.settle()
    with db.scoped(shop.id) as session:
        variants = session.scalars(select(Variant)).all()
    form = {"title": "Stoneware mug", "description": "<p>Thrown by hand.</p>"}
    form |= {f"price_{each.id}": str(each.price.decimal) for each in variants}
    form |= {f"sku_{each.id}": each.sku for each in variants}
    form |= {"category_gid": MUGS, "category_name": "Mugs", "attributes": choose(portal, MUGS, Material=["Porcelain"])}
    portal.post(f"{path}/edit", data=form)
    with db.scoped(shop.id) as session:
        waiting = session.scalars(select(ProductProposal)).one()
    page = market.merchant(f"/app/review/edits/{waiting.id}").text
    assert "Material: Ceramic" in html.unescape(page)
    assert "Material: Porcelain" in html.unescape(page)
    assert in_shopify(market, shop)["material"] == ["Ceramic"], "it waits"
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    market.merchant(f"/app/review/edits/{waiting.id}/accept", {"seen": found[1], "field": "attributes"})
    market.settle()
    assert in_shopify(market, shop) == {"material": ["Porcelain"]}, "what is answered no more is taken away"


def test_what_a_new_category_does_not_ask_goes_with_the_old_one(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    send(market, portal, Material=["Ceramic"], Color=["Blue"])
    with db.scoped(shop.id) as session:
        product = session.scalars(select(Product)).one()
        product.category_gid = SCARVES
    change = """mutation ($id: ID!, $to: ID!) { productUpdate(product: {id: $id, category: $to,
      deleteConflictingConstrainedMetafields: true}) { userErrors { message } } }"""
    market.ask_shopify(change, {"id": product.shopify_gid, "to": SCARVES})
    with db.scoped(shop.id) as session:
        session.execute(update(Product).values(attributes_wanted_at=product.created_at))
    sweeps.sweep()
    market.settle()
    assert in_shopify(market, shop) == {"color-pattern": ["Blue"]}


def test_what_shopify_refuses_is_told_to_the_staff_and_tried_again_later(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    send(market, portal, Color=["Blue"])
    with db.scoped(shop.id) as session:
        product = session.scalars(select(Product)).one()
        product.attributes = [
            *product.attributes,
            {
                "gid": "gid://shopify/TaxonomyAttribute/4",
                "name": "Material",
                "chosen": [{"gid": "gid://shopify/TaxonomyValue/0", "name": "Unobtainium " * 9000}],
            },
        ]
        product.attributes_wanted_at = product.created_at
    with pytest.raises(ShopifyError):
        attribute_sync.push_attributes(shop.id, product.id)
    with db.scoped(shop.id) as session:
        held = session.scalars(select(Product)).one()
    assert held.attributes_error
    assert held.attributes_wanted_at is not None
    assert held.attributes_wanted_at > product.created_at
    assert "did not take the details" in market.merchant(f"/app/review/{held.id}").text
