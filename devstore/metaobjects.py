"""Metaobject entries: read, write, delete, and tell the app. The admin and the API both come through here."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from devstore import values
from devstore.clock import iso
from devstore.gids import gid
from devstore.store import Doc, Store
from devstore.webhooks import emit


class EntryError(Exception):
    """A value that the definition does not allow. `key` names the field, `code` is Shopify's."""

    def __init__(self, key: str | None, message: str, code: str) -> None:
        super().__init__(message)
        self.key, self.message, self.code = key, message, code


def find_definition(store: Store, shop: str, kind: str) -> Doc | None:
    return store.find(shop, "metaobject_definition", type=kind)


def find_entry(store: Store, shop: str, kind: str, handle: str) -> Doc | None:
    return store.find(shop, "metaobject", type=kind, handle=handle)


def display_name(definition: Doc, entry: Doc) -> str:
    shown = entry["fields"].get(definition["display_name_key"] or "")
    return str(shown or entry["handle"].replace("-", " ").title())


def save_entry(store: Store, shop: str, definition: Doc, entry: Doc) -> Doc:
    """Check and write an entry, new when it has no `id`; `handle` may be empty. Raises EntryError."""
    with store.transaction():
        before = store.get(shop, "metaobject", entry["id"]) if "id" in entry else None
        held = before["fields"] if before else {}
        checked = {**entry, "type": definition["type"]}
        checked["fields"] = _checked(store, shop, definition, entry["fields"], held)
        now = iso(store.clock.now())
        checked["handle"] = _handle(store, shop, definition, checked)
        if before == checked:
            return before
        stored = store.put(shop, "metaobject", {"created_at": now, **checked, "updated_at": now})
        emit(store, shop, "metaobjects/update" if before else "metaobjects/create", payload(definition, stored))
        return stored


def delete_entry(store: Store, shop: str, entry: Doc) -> None:
    with store.transaction():
        definition = find_definition(store, shop, entry["type"])
        store.delete(shop, "metaobject", entry["id"])
        if definition:
            emit(store, shop, "metaobjects/delete", payload(definition, entry))


def payload(definition: Doc, entry: Doc) -> Doc:
    """The entry as `metaobjects/*` webhooks carry it."""
    publishable = definition["capabilities"]["publishable"]["enabled"]
    return {
        "id": gid("Metaobject", entry["id"]),
        "type": entry["type"],
        "handle": entry["handle"],
        "display_name": display_name(definition, entry),
        "definition_id": gid("MetaobjectDefinition", definition["id"]),
        "fields": entry["fields"],
        "capabilities": {"publishable": {"status": entry["status"].lower()}} if publishable else {},
        "created_at": entry["created_at"],
        "updated_at": entry["updated_at"],
    }


def slug(text: str) -> str:
    """`Ada's Ceramics` → `adas-ceramics`, as Shopify makes handles."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"['\"]", "", plain)).strip("-")


def _handle(store: Store, shop: str, definition: Doc, entry: Doc) -> str:
    """The entry's own handle, which must be free; or one made from its name and counted up until it is."""
    wanted = slug(entry.get("handle") or "")
    base = wanted or slug(display_name(definition, {**entry, "handle": "entry"})) or "entry"
    for handle in (base, *(f"{base}-{number}" for number in range(1, 10_000))):
        taken = find_entry(store, shop, definition["type"], handle)
        if taken is None or taken["id"] == entry.get("id"):
            return handle
        if wanted:
            break
    raise EntryError("handle", "Handle has already been taken", "TAKEN")


def _checked(
    store: Store, shop: str, definition: Doc, given: Mapping[str, Any], held: Mapping[str, str]
) -> dict[str, str]:
    """Only fields with a value. Raises EntryError for an unknown key, a bad value or a missing required field.

    What stays as `held` may refer to something that was deleted since.
    """
    known = {field["key"]: field for field in definition["fields"]}
    for key in given:
        if key not in known:
            raise EntryError(key, f'Field definition "{key}" does not exist', "UNDEFINED_OBJECT_FIELD")
    kept = {key: str(given[key]) for key in known if given.get(key) not in (None, "")}
    for key, field in known.items():
        if key not in kept and field["required"]:
            raise EntryError(key, f"{field['name']} can't be blank", "OBJECT_FIELD_REQUIRED")
    for key, value in kept.items():
        if held.get(key) == value:
            continue
        said = values.problem(known[key]["type"], value, known[key]["validations"])
        said = said or dangling(store, shop, known[key]["type"], value)
        if said:
            raise EntryError(key, said, "INVALID_VALUE")
    return kept


def dangling(store: Store, shop: str, kind: str, value: str) -> str | None:
    """What is wrong when a reference, or one of a list of them, points at nothing."""
    stored = {"file_reference": "file", "metaobject_reference": "metaobject", "product_reference": "product"}
    single = kind.removeprefix("list.")
    if single not in stored:
        return None
    targets = values.parsed(kind, value) if kind.startswith("list.") else [value]
    for target in targets:
        if store.get(shop, stored[single], int(target.rpartition("/")[2])) is None:
            return f"Value references non-existent resource {target}."
    return None
