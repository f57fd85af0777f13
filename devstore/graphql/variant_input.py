"""From a variant's input to its part of the product's document."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from devstore import inventory
from devstore.gids import number_of
from devstore.graphql.registry import Context, RefusedError
from devstore.graphql.resolvers.metafields import set_on
from devstore.store import Doc

MOST_VARIANTS = 2048
_GRAMS = {"GRAMS": 1, "KILOGRAMS": 1000, "OUNCES": 28.349523125, "POUNDS": 453.59237}


def set_variants(ctx: Context, product: Doc, given: list[Doc]) -> None:
    """Replace the variants: known by id, else by their option values, else new. Raises RefusedError."""
    if len(given) > MOST_VARIANTS:
        said = f"You can't have more than {MOST_VARIANTS} variants."
        raise RefusedError(["input", "variants"], said, "VARIANTS_OVER_LIMIT")
    by_id = {variant["id"]: variant for variant in product["variants"]}
    by_values = {_key(variant): variant for variant in product["variants"]}
    built: list[Doc] = []
    for index, each in enumerate(given):
        path = ["input", "variants", str(index)]
        before = _known(by_id, each, path)
        if before is None:
            before = by_values.get(tuple(value["name"] for value in option_values(product, each, path)))
        built.append(build(ctx, product, each, before, index + 1, path))
    check_unique(built, ["input", "variants"])
    product["variants"] = built


def build(
    ctx: Context, product: Doc, given: Mapping[str, Any], before: Doc | None, position: int, path: list[str]
) -> Doc:
    """One variant, changed from `before` or new. Raises RefusedError."""
    variant = dict(before) if before else _new_variant(ctx)
    values = option_values(product, given, path) if given.get("optionValues") else variant["option_values"]
    item = given.get("inventoryItem") or {}
    sku = given.get("sku") if "sku" in given else item.get("sku", variant["sku"])
    variant |= {
        "option_values": values,
        "title": " / ".join(value["name"] for value in values),
        "position": given.get("position") or position,
        "sku": sku or "",
        "price": _price(given.get("price"), [*path, "price"]) or variant["price"],
        "tracked": item.get("tracked", variant["tracked"]),
        "requires_shipping": item.get("requiresShipping", variant["requires_shipping"]),
        "cost": item.get("cost", variant["cost"]),
        "weight_grams": _grams(item, variant["weight_grams"]),
        "updated_at": ctx.timestamp(),
    }
    if "compareAtPrice" in given:
        variant["compare_at_price"] = _price(given["compareAtPrice"], [*path, "compareAtPrice"])
    for key, name in (("barcode", "barcode"), ("inventoryPolicy", "inventory_policy"), ("taxable", "taxable")):
        if given.get(key) is not None:
            variant[name] = given[key]
    if given.get("mediaId"):
        variant["media_id"] = _medium(product, given["mediaId"], [*path, "mediaId"])
    for index, each in enumerate(given.get("metafields") or []):
        set_on(ctx, "ProductVariant", variant, each, [*path, "metafields", str(index)])
    for index, each in enumerate(given.get("inventoryQuantities") or []):
        _count(ctx, variant, each, [*path, "inventoryQuantities", str(index)])
    return variant


def _new_variant(ctx: Context) -> Doc:
    return {
        "id": ctx.store.next_id(),
        "inventory_item_id": ctx.store.next_id(),
        "option_values": [],
        "sku": "",
        "barcode": None,
        "price": "0.00",
        "compare_at_price": None,
        "inventory_policy": "DENY",
        "tracked": False,
        "requires_shipping": True,
        "taxable": True,
        "weight_grams": 0,
        "cost": None,
        "quantities": {},
        "metafields": [],
        "media_id": None,
        "created_at": ctx.timestamp(),
    }


def option_values(product: Doc, given: Mapping[str, Any], path: list[str]) -> list[Doc]:
    """The variant's value of every option, in the options' order. Raises RefusedError."""
    named = {
        _option_name(product, each, path): (each.get("name") or "").strip() for each in given.get("optionValues") or []
    }
    found = []
    for option in product["options"]:
        name = named.pop(option["name"], None)
        if name is None:
            raise RefusedError(
                [*path, "optionValues"], f"Option value for {option['name']} is missing", "INVALID_VARIANT"
            )
        if name not in [value["name"] for value in option["values"]]:
            said = f"Option value '{name}' does not exist in option {option['name']}"
            raise RefusedError([*path, "optionValues"], said, "OPTION_VALUE_DOES_NOT_EXIST")
        found.append({"name": name, "option_name": option["name"]})
    if named:
        said = f"Option {', '.join(map(str, named))} does not exist"
        raise RefusedError([*path, "optionValues"], said, "OPTION_DOES_NOT_EXIST")
    return found


def _option_name(product: Doc, value: Mapping[str, Any], path: list[str]) -> str:
    if value.get("optionName"):
        return str(value["optionName"])
    number = number_of(value["optionId"], "ProductOption") if value.get("optionId") else None
    found = next((option["name"] for option in product["options"] if option["id"] == number), None)
    if found is None:
        raise RefusedError([*path, "optionValues"], "Option does not exist", "OPTION_DOES_NOT_EXIST")
    return str(found)


def _known(by_id: dict[int, Doc], given: Mapping[str, Any], path: list[str]) -> Doc | None:
    if not given.get("id"):
        return None
    found = by_id.get(number_of(given["id"], "ProductVariant"))
    if found is None:
        raise RefusedError([*path, "id"], "Product variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST")
    return found


def _key(variant: Doc) -> tuple[str, ...]:
    return tuple(value["name"] for value in variant["option_values"])


def check_unique(variants: list[Doc], path: list[str]) -> None:
    """Raises RefusedError when two variants have the same option values."""
    seen: set[tuple[str, ...]] = set()
    for index, variant in enumerate(variants):
        if _key(variant) in seen:
            said = f"The variant '{variant['title']}' already exists. Please change at least one option value."
            raise RefusedError([*path, str(index)], said, "INVALID_VARIANT")
        seen.add(_key(variant))


def _medium(product: Doc, text: str, path: list[str]) -> int:
    number = number_of(text, "MediaImage")
    if number not in [each["id"] for each in product["media"]]:
        raise RefusedError(path, "The media does not exist on the product", "INVALID_INPUT")
    return number


def _price(text: str | None, path: list[str]) -> str | None:
    if text is None:
        return None
    amount = Decimal(text)
    if amount < 0:
        raise RefusedError(path, "Price must be greater than or equal to 0", "INVALID_VARIANT")
    return f"{amount:.2f}"


def _grams(item: Mapping[str, Any], before: float) -> float:
    weight = (item.get("measurement") or {}).get("weight")
    return round(weight["value"] * _GRAMS[weight["unit"]], 3) if weight else before


def _count(ctx: Context, variant: Doc, given: Mapping[str, Any], path: list[str]) -> None:
    """Set what is available, or what is on hand, at a location."""
    location_id = number_of(given["locationId"], "Location")
    if ctx.store.get(ctx.shop, "location", location_id) is None:
        raise RefusedError([*path, "locationId"], "Location does not exist", "INVALID_INPUT")
    name, quantity = given.get("name", "available"), given.get("quantity", given.get("availableQuantity"))
    if name not in {"available", "on_hand"}:
        raise RefusedError([*path, "name"], "The quantity name must be available or on_hand", "INVALID_INPUT")
    variant["quantities"] = {
        **variant["quantities"],
        str(location_id): inventory.counted(variant, location_id, name, int(quantity or 0)),
    }
