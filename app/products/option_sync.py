"""Renamed and reordered options on their way to Shopify."""

from collections.abc import Sequence
from typing import Any

from app.products import option_rules, rules
from app.shopify.client import graphql
from app.shopify.tokens import ShopCredentials


def read_options(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Shopify's options of a product as ours are; none when it has just its default variant."""
    options = [
        {"name": option["name"], "values": [value["name"] for value in option["optionValues"] if value["hasVariants"]]}
        for option in found["options"]
    ]
    return [] if options == [{"name": rules.DEFAULT_OPTION, "values": [rules.DEFAULT_VALUE]}] else options


def write_options(shop: ShopCredentials, gid: str, wanted: option_rules.Options, found: dict[str, Any]) -> None:
    """Name and order a product's options and their values as wanted, in one call: it happens whole or not at all.

    Options, values and variants go by their ids, so each variant stays the one that was sold and counted. `wanted`
    must fit what was found.
    """
    live = read_options(found)
    rows = []
    for node in found["variants"]["nodes"]:
        values = option_rules.translate([option["value"] for option in node["selectedOptions"]], live, wanted)
        rows.append((option_rules.rank(values, wanted), node["id"], values))
    variants = [
        {
            "id": variant_gid,
            "position": place,
            "optionValues": [
                {"optionName": option["name"], "name": value} for option, value in zip(wanted, values, strict=True)
            ],
        }
        for place, (_, variant_gid, values) in enumerate(sorted(rows, key=lambda row: row[0]), start=1)
    ]
    asked = {"productOptions": _options(found["options"], wanted), "variants": variants}
    graphql(shop, "productSet", {"identifier": {"id": gid}, "input": asked})


def _options(found: Sequence[dict[str, Any]], wanted: option_rules.Options) -> list[dict[str, Any]]:
    """What no variant has keeps its name and comes last."""
    nodes = {option["name"]: option for option in found}
    made = []
    for place, option in enumerate(option_rules.as_wanted(wanted), start=1):
        node = nodes[option["was"]]
        ids = {value["name"]: value["id"] for value in node["optionValues"]}
        values = [{"id": ids.pop(was), "name": now} for was, now in zip(option["were"], option["values"], strict=True)]
        values += [{"id": value_gid, "name": name} for name, value_gid in ids.items() if name not in option["values"]]
        made.append({"id": node["id"], "name": option["name"], "position": place, "values": values})
    return made
