"""A category's answers in Shopify: standard metafields `shopify.<key>` that point at entries of `shopify--<key>`.

The same metafields that Shopify's own product page fills, so that filters, feeds and channels read them. An entry
belongs to the shop: one that stands for a value already is used as it is, whatever the merchant calls it.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import product as pairs
from typing import Any, Final

from sqlalchemy import update

from app import clock
from app.db import scoped
from app.models.products import Product
from app.models.shops import Shop
from app.products.attributes import Answer
from app.shopify.client import graphql
from app.shopify.errors import ShopifyError, ShopifyUserErrors
from app.shopify.tokens import ShopCredentials

_NAMESPACE: Final = "shopify"
_SHARED: Final = "color-pattern"
"""Colour and pattern are one metafield: each entry is a colour in a pattern."""
_VALUE: Final = "gid://shopify/TaxonomyValue/"
_SOLID: Final = {"gid": f"{_VALUE}2874", "name": "Solid"}
_MULTICOLOR: Final = {"gid": f"{_VALUE}2865", "name": "Multicolor"}
_AT_ONCE: Final = 25
_LATER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A value as an entry of the shop. `stands_for` are the taxonomy's gids by which it is known again."""

    label: str
    stands_for: frozenset[str]
    fields: dict[str, str]

    @property
    def handle(self) -> str:
        """Ours alone: no entry that the merchant made is written over."""
        return "-".join(["value", *sorted(gid.rpartition("/")[2] for gid in self.stands_for)])


def push_attributes(shop_id: int, product_id: int) -> None:
    """Write a product's answers, and take away those that we wrote before and that are gone. Raises ShopifyError."""
    with scoped(shop_id) as session:
        product, shop = session.get(Product, product_id), session.get_one(Shop, shop_id)
        if product is None or product.shopify_gid is None or product.attributes_wanted_at is None:
            return
        credentials, gid, told = ShopCredentials(shop.id, shop.domain), product.shopify_gid, product.attributes_told
        category, answers, wanted_at = product.category_gid, product.attributes, product.attributes_wanted_at
    try:
        entries = _by_key(credentials, category, answers) if category and answers else {}
        _write(credentials, gid, entries, [key for key in told if key not in entries])
    except ShopifyError as error:
        if error.permanent:
            _postpone(shop_id, product_id, error.message)
        raise
    with scoped(shop_id) as session:
        # Compare and swap: a newer wish stays, and its own ring tells it.
        known = {"attributes_told": list(entries), "attributes_error": None}
        session.execute(update(Product).where(Product.id == product_id).values(**known))
        same = (Product.id == product_id, Product.attributes_wanted_at == wanted_at)
        session.execute(update(Product).where(*same).values(attributes_wanted_at=None))


def entries_of(answers: Sequence[Answer]) -> list[Entry]:
    """The entries that stand for the answers of one metafield."""
    by_name = {each["name"]: each["chosen"] for each in answers}
    if not by_name.keys() <= {"Color", "Pattern"}:
        return [
            Entry(value["name"], frozenset({value["gid"]}), {"taxonomy_reference": value["gid"]})
            for each in answers
            for value in each["chosen"]
        ]
    colors, patterns = by_name.get("Color") or [_MULTICOLOR], by_name.get("Pattern") or [_SOLID]
    return [_colored(color, pattern) for color, pattern in pairs(colors, patterns)]


def _colored(color: dict[str, str], pattern: dict[str, str]) -> Entry:
    fields = {
        "color_taxonomy_reference": json.dumps([color["gid"]]),
        "pattern_taxonomy_reference": pattern["gid"],
    }
    label = color["name"] if pattern["gid"] == _SOLID["gid"] else f"{color['name']} {pattern['name'].lower()}"
    return Entry(label, frozenset({color["gid"], pattern["gid"]}), fields)


def _by_key(shop: ShopCredentials, category: str, answers: Sequence[Answer]) -> dict[str, list[str]]:
    """The gids of the entries, by metafield. Answers that the category does not ask for (any more) are left out."""
    asked = graphql(shop, "standardMetafieldDefinitionTemplates", {"category": category.rpartition("/")[2]})
    keys = {each["name"]: each["key"] for each in asked["nodes"] if each["namespace"] == _NAMESPACE}
    if _SHARED in keys.values():
        keys |= {"Color": _SHARED, "Pattern": _SHARED}
    grouped: dict[str, list[Answer]] = {}
    for each in answers:
        if each["name"] in keys:
            grouped.setdefault(keys[each["name"]], []).append(each)
    return {key: _find_or_make(shop, key, entries_of(group)) for key, group in grouped.items()}


def _find_or_make(shop: ShopCredentials, key: str, wanted: Sequence[Entry]) -> list[str]:
    _enable(shop, key)
    kind = f"{_NAMESPACE}--{key}"
    held = dict(_list_entries(shop, kind))
    return [held.get(each.stands_for) or _make(shop, kind, each) for each in wanted]


def _make(shop: ShopCredentials, kind: str, entry: Entry) -> str:
    fields = {"label": entry.label, **entry.fields}
    asked = {
        "handle": {"type": kind, "handle": entry.handle},
        "metaobject": {"fields": [{"key": key, "value": value} for key, value in fields.items()]},
    }
    return str(graphql(shop, "metaobjectUpsert", asked)["metaobject"]["id"])


def _list_entries(shop: ShopCredentials, kind: str) -> Iterator[tuple[frozenset[str], str]]:
    """(what it stands for, gid) of the shop's entries; of two for the same value the older one wins."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = graphql(shop, "metaobjectsOfValues", {"type": kind, "after": after})
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    for node in reversed(found):
        values = [each["value"] for name in ("value", "pattern") if (each := node[name]) and each["value"]]
        if (colors := node["colors"]) and colors["value"]:
            values += json.loads(colors["value"])
        yield frozenset(values), node["id"]


def _enable(shop: ShopCredentials, key: str) -> None:
    named = {"ownerType": "PRODUCT", "namespace": _NAMESPACE, "key": key}
    if graphql(shop, "metafieldDefinitions", named)["nodes"]:
        return
    wishes = (
        ("standardMetaobjectDefinitionEnable", {"type": f"{_NAMESPACE}--{key}"}),
        ("standardMetafieldDefinitionEnable", {"namespace": _NAMESPACE, "key": key}),
    )
    for document, variables in wishes:
        try:
            graphql(shop, document, variables)
        except ShopifyUserErrors as refusal:
            # Another job, or the merchant, was quicker.
            if not refusal.has_code("TAKEN"):
                raise


def _write(shop: ShopCredentials, gid: str, entries: dict[str, list[str]], gone: Sequence[str]) -> None:
    kind = "list.metaobject_reference"
    named = [
        {"ownerId": gid, "namespace": _NAMESPACE, "key": key, "type": kind, "value": json.dumps(gids)}
        for key, gids in entries.items()
    ]
    for start in range(0, len(named), _AT_ONCE):
        graphql(shop, "metafieldsSet", {"metafields": named[start : start + _AT_ONCE]})
    if gone:
        dropped = [{"ownerId": gid, "namespace": _NAMESPACE, "key": key} for key in gone]
        graphql(shop, "metafieldsDelete", {"metafields": dropped})


def _postpone(shop_id: int, product_id: int, words: str) -> None:
    """Nothing that trying again in a minute would mend, such as a permission that the merchant has yet to give."""
    with scoped(shop_id) as session:
        known = {"attributes_error": words, "attributes_wanted_at": clock.now() + _LATER}
        session.execute(update(Product).where(Product.id == product_id).values(**known))
