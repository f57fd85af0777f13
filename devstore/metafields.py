"""Metafields: named values that hang on a product, a customer, the shop, held in their owner's own document."""

import hashlib
from collections.abc import Sequence

from devstore import standards, values
from devstore.clock import iso
from devstore.metaobjects import dangling
from devstore.store import Doc, Store

# Type of the owner → (its name in definitions, kind of document, scope that may write it).
OWNERS: dict[str, tuple[str, str, str | None]] = {
    "AppInstallation": ("API_PERMISSION", "installation", None),
    "Collection": ("COLLECTION", "collection", "write_products"),
    "Customer": ("CUSTOMER", "customer", "write_customers"),
    "Location": ("LOCATION", "location", "write_locations"),
    "Order": ("ORDER", "order", "write_orders"),
    "Product": ("PRODUCT", "product", "write_products"),
    "ProductVariant": ("PRODUCTVARIANT", "variant", "write_products"),
    "Shop": ("SHOP", "shop", None),
}


class MetafieldError(Exception):
    """`part` is the input's key that is wrong, `code` Shopify's."""

    def __init__(self, part: str, message: str, code: str) -> None:
        super().__init__(message)
        self.part, self.message, self.code = part, message, code


def find(metafields: Sequence[Doc], namespace: str, key: str) -> Doc | None:
    return next((each for each in metafields if each["namespace"] == namespace and each["key"] == key), None)


def find_definition(store: Store, shop: str, owner_type: str, namespace: str, key: str) -> Doc | None:
    return store.find(shop, "metafield_definition", owner_type=owner_type, namespace=namespace, key=key)


def digest(metafield: Doc) -> str:
    """Changes with the value: what `compareDigest` holds against."""
    return hashlib.sha256(f"{metafield['type']}\0{metafield['value']}".encode()).hexdigest()


def put(store: Store, shop: str, owner: Doc, owner_type: str, wanted: Doc) -> Doc:
    """Set one of `owner`'s metafields (namespace, key, type or None, value) in its document, which the caller stores.

    Raises MetafieldError.
    """
    held: list[Doc] = owner.setdefault("metafields", [])
    before = find(held, wanted["namespace"], wanted["key"])
    definition = find_definition(store, shop, owner_type, wanted["namespace"], wanted["key"])
    kind = _kind(wanted, before, definition)
    said = values.problem(kind, wanted["value"], definition["validations"] if definition else ())
    said = said or dangling(store, shop, kind, wanted["value"])
    if said:
        raise MetafieldError("value", said, "INVALID_VALUE")
    if definition and not standards.takes(definition, owner):
        said = "Owner subtype does not match the metafield definition's constraints."
        raise MetafieldError("value", said, "INVALID_VALUE")
    unique = kind == "id" or (definition is not None and definition["capabilities"].get("uniqueValues"))
    if unique and _is_taken(store, shop, owner, owner_type, wanted):
        raise MetafieldError("value", "Value is already assigned to another metafield", "TAKEN")
    now = iso(store.clock.now())
    fresh = {"id": store.next_id(), "namespace": wanted["namespace"], "key": wanted["key"], "created_at": now}
    after = {**(before or fresh), "type": kind, "value": wanted["value"], "updated_at": now}
    owner["metafields"] = [each for each in held if each is not before] + [after]
    return after


def _is_taken(store: Store, shop: str, owner: Doc, owner_type: str, wanted: Doc) -> bool:
    """Whether another owner of this type holds the value: those of type `id` are unique in a shop."""
    kind = next(kind for name, kind, _ in OWNERS.values() if name == owner_type)
    held = (
        find(each.get("metafields") or [], wanted["namespace"], wanted["key"])
        for each in store.all(shop, kind)
        if each["id"] != owner["id"]
    )
    return any(each is not None and each["value"] == wanted["value"] for each in held)


def _kind(wanted: Doc, before: Doc | None, definition: Doc | None) -> str:
    if wanted["value"] == "":
        raise MetafieldError("value", "Value can't be blank.", "BLANK")
    known = definition or before
    kind = wanted["type"] or (known["type"] if known else None)
    if kind is None:
        raise MetafieldError("type", "Type can't be blank", "BLANK")
    if not values.is_type(kind):
        raise MetafieldError("type", f"{kind} is not a valid type", "INVALID_TYPE")
    if definition and definition["type"] != kind:
        raise MetafieldError(
            "type", f"Type must be consistent with the definition's type: '{definition['type']}'", "INVALID_TYPE"
        )
    return str(kind)
