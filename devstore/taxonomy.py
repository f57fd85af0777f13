"""An excerpt of Shopify's public product taxonomy, by Shopify's own ids: categories, their attributes and values."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from devstore.store import Doc

_SCHEMA = Path(__file__).parent / "schema"
_FILE = _SCHEMA / "taxonomy.json"
_PREFIX = "gid://shopify/TaxonomyCategory/"


@cache
def _names() -> Mapping[str, str]:
    names: Mapping[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))
    return names


@cache
def _attributes() -> Doc:
    """All "attributes" by number, and of "categories" the numbers of those that each branch of the tree has."""
    held: Doc = json.loads((_SCHEMA / "attributes.json").read_text(encoding="utf-8"))
    return held


def list_attributes(category: str | None) -> list[Doc]:
    """The attributes of the category with that gid."""
    if find(category) is None or category is None:
        return []
    code = category.removeprefix(_PREFIX)
    branches = _attributes()["categories"]
    while code and code not in branches:
        code = code.rpartition("-")[0]
    found = (find_attribute(number) for number in branches[code])
    return [each for each in found if each]


def all_attributes() -> list[Doc]:
    return [each for each in map(find_attribute, _attributes()["attributes"]) if each]


def find_attribute(number: int | str) -> Doc | None:
    """An attribute with its values; all that we have are lists to choose from."""
    held = _attributes()["attributes"].get(str(number))
    if held is None:
        return None
    values = [{"__typename": "TaxonomyValue", "id": int(key), "name": name} for key, name in held["values"].items()]
    gid = f"gid://shopify/TaxonomyAttribute/{number}"
    return {"__typename": "TaxonomyChoiceListAttribute", **held, "id": gid, "values": values}


def find_value(number: int) -> Doc | None:
    found = (value for each in all_attributes() for value in each["values"] if value["id"] == number)
    return next(found, None)


def find(text: str | None) -> Doc | None:
    """The category with that gid."""
    code = (text or "").removeprefix(_PREFIX)
    return _category(code) if text and text.startswith(_PREFIX) and code in _names() else None


def list_categories() -> list[Doc]:
    return [_category(code) for code in _names()]


def _category(code: str) -> Doc:
    parts = code.split("-")
    ancestors = ["-".join(parts[:count]) for count in range(1, len(parts))]
    children = [each for each in _names() if each.rpartition("-")[0] == code]
    return {
        "id": _PREFIX + code,
        "name": _names()[code],
        "fullName": " > ".join(_names()[each] for each in [*ancestors, code]),
        "level": len(parts),
        "isLeaf": not children,
        "isRoot": not ancestors,
        "isArchived": False,
        "parentId": _PREFIX + ancestors[-1] if ancestors else None,
        "childrenIds": [_PREFIX + each for each in children],
        "ancestorIds": [_PREFIX + each for each in reversed(ancestors)],
    }
