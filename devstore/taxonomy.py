"""An excerpt of Shopify's public product taxonomy, by Shopify's own ids."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from devstore.store import Doc

_FILE = Path(__file__).parent / "schema" / "taxonomy.json"
_PREFIX = "gid://shopify/TaxonomyCategory/"


@cache
def _names() -> Mapping[str, str]:
    names: Mapping[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))
    return names


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
