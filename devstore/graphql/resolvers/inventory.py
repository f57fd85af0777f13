"""Locations and stock over GraphQL."""

from collections.abc import Callable
from typing import Any

from devstore import inventory, products
from devstore.gids import gid, number_of
from devstore.graphql.connections import paginate
from devstore.graphql.ownership import app_of
from devstore.graphql.registry import Context, RefusedError, field, mutation, node, query
from devstore.graphql.resolvers.products import as_item
from devstore.store import Doc

MOST_AT_ONCE = 250
_GRAMS_IN_KILO = 1000


@node("Location")
def location_node(ctx: Context, number: int) -> Doc | None:
    return ctx.store.get(ctx.shop, "location", number)


@query("location")
def location(ctx: Context, id: str | None = None) -> Doc | None:  # noqa: A002
    return location_node(ctx, number_of(id, "Location")) if id else ctx.store.find(ctx.shop, "location")


@query("locations")
def list_locations(ctx: Context, include_inactive: bool = False, **page: Any) -> Doc:  # noqa: FBT001, FBT002
    found = [each for each in ctx.store.all(ctx.shop, "location") if each["active"] or include_inactive]
    return paginate(found, **page)


@field("Location", "isActive")
def is_active(_: Context, location: Doc) -> bool:
    return bool(location["active"])


@field("Location", "fulfillsOnlineOrders")
def fulfills_online_orders(_: Context, location: Doc) -> bool:
    return bool(location["active"])


@field("Location", "shipsInventory")
def ships_inventory(_: Context, location: Doc) -> bool:
    return bool(location["active"])


@field("LocationAddress", "formatted")
def formatted(_: Context, address: Doc) -> list[str]:
    town = " ".join(filter(None, (address["city"], address["province_code"], address["zip"])))
    return [line for line in (address["address1"], address["address2"], town, address["country"]) if line]


@node("InventoryItem")
def item_node(ctx: Context, number: int) -> Doc | None:
    found = inventory.find_item(ctx.store, ctx.shop, number)
    return as_item({**found[1], "product": found[0]}) if found else None


@query("inventoryItem")
def inventory_item(ctx: Context, id: str) -> Doc | None:  # noqa: A002
    return item_node(ctx, number_of(id, "InventoryItem"))


@field("InventoryItem", "measurement")
def measurement(_: Context, item: Doc) -> Doc:
    weight = {"unit": "KILOGRAMS", "value": item["weight_grams"] / _GRAMS_IN_KILO}
    return {"id": item["id"], "weight": weight}


@field("InventoryItem", "unitCost")
def unit_cost(ctx: Context, item: Doc) -> Doc | None:
    return {"amount": item["cost"], "currencyCode": ctx.shop_doc["currency"]} if item["cost"] else None


@field("InventoryItem", "variants")
def item_variants(_: Context, item: Doc, **page: Any) -> Doc:
    return paginate([item["variant"]], **page)


@field("InventoryItem", "inventoryLevel")
def item_level(ctx: Context, item: Doc, location_id: str) -> Doc | None:
    place = location(ctx, location_id)
    stocked = place is not None and inventory.is_stocked(ctx.store, ctx.shop, item, place["id"])
    return _level(item, place) if place and stocked else None


@field("InventoryItem", "inventoryLevels")
def item_levels(ctx: Context, item: Doc, **page: Any) -> Doc:
    places = ctx.store.all(ctx.shop, "location")
    stocked = [each for each in places if inventory.is_stocked(ctx.store, ctx.shop, item, each["id"])]
    return paginate([_level(item, each) for each in stocked], **page)


def _level(item: Doc, place: Doc) -> Doc:
    return {
        "id": f"{gid('InventoryLevel', place['id'])}?inventory_item_id={item['id']}",
        "isActive": True,
        "item": item,
        "location": place,
        "createdAt": item["created_at"],
        "updatedAt": item["updated_at"],
    }


@field("InventoryLevel", "quantities")
def level_quantities(_: Context, level: Doc, names: list[str]) -> list[Doc]:
    held = inventory.quantities(level["item"], level["location"]["id"])
    unknown = [name for name in names if name not in held]
    if unknown:
        raise RefusedError(["names"], f"Unknown quantity name {unknown[0]}")
    suffix = f"inventory_item_id={level['item']['id']}"
    return [
        {
            "id": f"{gid('InventoryQuantity', level['location']['id'])}?{suffix}&name={name}",
            "name": name,
            "quantity": held[name],
            "updatedAt": level["updatedAt"],
        }
        for name in names
    ]


@mutation("inventorySetQuantities")
def inventory_set_quantities(ctx: Context, input: Doc) -> Doc:  # noqa: A002
    """Set what is available or on hand, each optionally only if it still is what the caller believes."""
    if input["name"] not in {"available", "on_hand"}:
        raise RefusedError(
            ["input", "name"], "The quantity name must be either 'available' or 'on_hand'.", "INVALID_NAME"
        )

    def delta(given: Doc, held: dict[str, int], path: list[str]) -> int:
        if "changeFromQuantity" not in given:
            said = "The changeFromQuantity argument must be given to each quantity, null to skip the check."
            raise RefusedError([*path, "changeFromQuantity"], said, "COMPARE_QUANTITY_REQUIRED")
        if given["quantity"] < 0:
            raise RefusedError([*path, "quantity"], "The quantity can't be negative.", "INVALID_QUANTITY_NEGATIVE")
        return int(given["quantity"]) - held[input["name"]]

    return _adjust(ctx, input, "quantities", delta)


@mutation("inventoryAdjustQuantities")
def inventory_adjust_quantities(ctx: Context, input: Doc) -> Doc:  # noqa: A002
    if input["name"] not in set(inventory.STATES) - {"on_hand"}:
        raise RefusedError(["input", "name"], "The specified quantity name is invalid.", "INVALID_QUANTITY_NAME")
    return _adjust(ctx, input, "changes", lambda given, _, __: int(given["delta"]))


def _adjust(ctx: Context, given: Doc, key: str, delta_of: Callable[[Doc, dict[str, int], list[str]], int]) -> Doc:
    if given["reason"] not in inventory.REASONS:
        raise RefusedError(["input", "reason"], "The specified reason is invalid.", "INVALID_REASON")
    if len(given[key]) > MOST_AT_ONCE:
        raise RefusedError(["input", key], f"At most {MOST_AT_ONCE} at once.", "INVALID_QUANTITY_TOO_HIGH")
    changes = [
        _adjust_one(ctx, each, given["name"], delta_of, ["input", key, str(i)]) for i, each in enumerate(given[key])
    ]
    app = app_of(ctx)
    group = {
        "id": ctx.store.next_id(),
        "reason": given["reason"],
        "referenceDocumentUri": given.get("referenceDocumentUri"),
        "createdAt": ctx.timestamp(),
        "changes": changes,
        "app": {"id": app["id"], "apiKey": app["client_id"], "handle": app["handle"], "title": app["name"]},
    }
    return {"inventoryAdjustmentGroup": group, "userErrors": []}


def _adjust_one(
    ctx: Context, each: Doc, name: str, delta_of: Callable[[Doc, dict[str, int], list[str]], int], path: list[str]
) -> Doc:
    item_id, location_id = (
        number_of(each["inventoryItemId"], "InventoryItem"),
        number_of(each["locationId"], "Location"),
    )
    found = inventory.find_item(ctx.store, ctx.shop, item_id)
    if found is None:
        raise RefusedError(
            [*path, "inventoryItemId"], "The specified inventory item could not be found.", "INVALID_INVENTORY_ITEM"
        )
    place = location_node(ctx, location_id)
    if place is None:
        raise RefusedError([*path, "locationId"], "The specified location could not be found.", "INVALID_LOCATION")
    if not inventory.is_stocked(ctx.store, ctx.shop, found[1], location_id):
        said = "The specified inventory item is not stocked at the location."
        raise RefusedError([*path, "locationId"], said, "INVALID_LOCATION")
    held = inventory.quantities(found[1], location_id)
    delta = delta_of(each, held, path)
    expected = each.get("changeFromQuantity")
    if expected is not None and expected != held[name]:
        said = "The changeFromQuantity value does not match the current quantity."
        raise RefusedError([*path, "changeFromQuantity"], said, "CHANGE_FROM_QUANTITY_STALE")
    moved = {"available" if name == "on_hand" else name: delta}
    after = inventory.shift(ctx.store, ctx.shop, item_id, location_id, moved) if delta else held
    return {
        "delta": delta,
        "name": name,
        "quantityAfterChange": after[name],
        "item": as_item({**found[1], "product": found[0]}),
        "location": place,
        "ledgerDocumentUri": each.get("ledgerDocumentUri"),
    }


@mutation("inventoryBulkToggleActivation")
def inventory_bulk_toggle_activation(ctx: Context, inventory_item_id: str, inventory_item_updates: list[Doc]) -> Doc:
    found = inventory.find_item(ctx.store, ctx.shop, number_of(inventory_item_id, "InventoryItem"))
    if found is None:
        raise RefusedError(["inventoryItemId"], "The inventory item couldn't be found.", "INVENTORY_ITEM_NOT_FOUND")
    product, variant = found
    touched = []
    for index, each in enumerate(inventory_item_updates):
        place = location(ctx, each["locationId"])
        if place is None:
            path = ["inventoryItemUpdates", str(index), "locationId"]
            raise RefusedError(path, "The location couldn't be found.", "LOCATION_NOT_FOUND")
        if each["activate"]:
            variant["quantities"].setdefault(str(place["id"]), {})
            touched.append(place)
        else:
            variant["quantities"].pop(str(place["id"]), None)
    stored = products.save_product(ctx.store, ctx.shop, product)
    item = as_item({**variant, "product": stored})
    return {"inventoryItem": item, "inventoryLevels": [_level(item, each) for each in touched], "userErrors": []}


@mutation("inventoryItemUpdate")
def inventory_item_update(ctx: Context, id: str, input: Doc) -> Doc:  # noqa: A002
    found = inventory.find_item(ctx.store, ctx.shop, number_of(id, "InventoryItem"))
    if found is None:
        raise RefusedError(["id"], "Inventory item does not exist")
    product, variant = found
    for key, name in (
        ("sku", "sku"),
        ("tracked", "tracked"),
        ("requiresShipping", "requires_shipping"),
        ("cost", "cost"),
    ):
        if input.get(key) is not None:
            variant[name] = input[key]
    saved = products.save_product(ctx.store, ctx.shop, product)
    number = variant["inventory_item_id"]
    facts = {"sku": variant["sku"], "tracked": variant["tracked"], "requires_shipping": variant["requires_shipping"]}
    body = {"id": number, **facts, "cost": variant.get("cost"), "updated_at": saved["updated_at"]}
    ctx.emit("inventory_items/update", {**body, "admin_graphql_api_id": gid("InventoryItem", number)})
    return {"inventoryItem": item_node(ctx, variant["inventory_item_id"]), "userErrors": []}
