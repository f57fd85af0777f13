"""Options and variants of a product on sale on their way to Shopify."""

from collections.abc import Iterable, Sequence
from typing import Any

from app.models.products import Variant
from app.money import Money
from app.products import option_rules, rules
from app.products.proposal_rules import Changes, Snapshot, same
from app.shopify.client import graphql
from app.shopify.tokens import ShopCredentials


def read_options(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Shopify's options of a product as ours are; none when it has just its default variant."""
    options = [
        {"name": option["name"], "values": [value["name"] for value in option["optionValues"] if value["hasVariants"]]}
        for option in found["options"]
    ]
    return [] if options == [{"name": rules.DEFAULT_OPTION, "values": [rules.DEFAULT_VALUE]}] else options


def as_done(changes: Changes, live: Snapshot) -> Changes:
    """Options, and variants with them, that an earlier run has brought to Shopify, in the names that they have now.

    What has not arrived is itself.
    """
    if "options" not in changes:
        return changes
    was, wanted = changes["options"]
    if "variants" not in changes:
        return changes | {"options": [live["options"]] * 2} if same(live["options"], wanted) else changes
    variants = changes["variants"][1]
    named = [{**each, "values": option_rules.translate(each["values"], was, wanted)} for each in variants]
    after = option_rules.used(wanted, [each["values"] for each in named])
    if not (same(live["options"], after) and same(live["variants"], named)):
        return changes
    return changes | {"options": [live["options"]] * 2, "variants": [named, named]}


def as_named(changes: Changes, live: Snapshot) -> list[dict[str, Any]]:
    """The variants that an edit wants, under the names that it gives them; none when it is not about variants."""
    wanted = changes["variants"][1] if "variants" in changes else []
    options = changes["options"][1] if "options" in changes else live["options"]
    return [{**each, "values": option_rules.translate(each["values"], live["options"], options)} for each in wanted]


def write_grid(
    shop: ShopCredentials,
    gid: str,
    location: str | None,
    wanted: Snapshot,
    found: dict[str, Any],
    held: Sequence[Variant],
) -> dict[str, Any] | None:
    """Make a product's options and variants as wanted, in one call: it happens whole or not at all.

    Options, values and variants go by their ids, so each variant stays the one that was sold and counted. Wanted
    options must fit what was found, and wanted variants speak the names that were found. Returns Shopify's product,
    None when there was nothing to do. Where variants are wanted there is: their answer names them.
    """
    live, nodes = read_options(found), found["variants"]["nodes"]
    if "variants" not in wanted and same(live, wanted.get("options", live)):
        return None
    ids = {tuple(option["value"] for option in node["selectedOptions"]): node["id"] for node in nodes}
    options = option_rules.as_wanted(wanted.get("options", live))
    asked = wanted.get("variants") or [{"values": list(values)} for values in ids]
    named = [(option_rules.translate(each["values"], live, options), each) for each in asked]
    after = option_rules.used(options, [values for values, _ in named])
    if "options" in wanted:
        named.sort(key=lambda row: option_rules.rank(row[0], after))
    ours = {tuple(variant.option_values) for variant in held}
    rows = []
    for place, (values, each) in enumerate(named, start=1):
        row: dict[str, Any] = {"position": place, "optionValues": _values(after, values)}
        if (key := tuple(each["values"])) in ids:
            row["id"] = ids[key]
        elif key not in ours:
            row |= _new_variant(each, held[0].currency, location)
        rows.append(row)
    given = {"productOptions": _options(found["options"], options, after), "variants": rows}
    made: dict[str, Any] = graphql(shop, "productSet", {"identifier": {"id": gid}, "input": given})["product"]
    return made


def _values(options: option_rules.Options, values: Iterable[str]) -> list[dict[str, str]]:
    return [{"optionName": option["name"], "name": value} for option, value in zip(options, values, strict=True)]


def _options(
    found: Sequence[dict[str, Any]], wanted: option_rules.Options, after: option_rules.Options
) -> list[dict[str, Any]]:
    """What no variant had keeps its name and comes last; what none has any more goes."""
    nodes = {option["name"]: option for option in found}
    made = []
    for place, (option, kept) in enumerate(zip(wanted, after, strict=True), start=1):
        node = nodes[option["was"]]
        ids = {value["name"]: value["id"] for value in node["optionValues"]}
        old = dict(zip(option["values"], option["were"], strict=True))
        values = [_value(ids, old.get(name, name), name) for name in kept["values"]]
        spare = [value for value in node["optionValues"] if not value["hasVariants"]]
        values += [{"id": v["id"], "name": v["name"]} for v in spare if v["name"] not in kept["values"]]
        made.append({"id": node["id"], "name": option["name"], "position": place, "values": values})
    return made


def _value(ids: dict[str, str], was: str, name: str) -> dict[str, str]:
    return {"id": ids[was], "name": name} if was in ids else {"name": name}


def _new_variant(each: dict[str, Any], currency: str, location: str | None) -> dict[str, Any]:
    return {
        "price": str(Money(each["price"], currency).decimal),
        "inventoryItem": {"sku": each["sku"], "tracked": True},
        "inventoryPolicy": "DENY",
        "inventoryQuantities": [{"locationId": location, "name": "available", "quantity": each["stock"]}],
    }
