"""What msgspec finds wrong with a request: where, and in words that say what to do."""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

_PLACE: Final = re.compile(r"^(?P<words>.*?)(?: - at (?:`key` in )?`(?P<place>[^`]*)`)?$", re.DOTALL)
_FIELD: Final = re.compile(r"field `(?P<name>[^`]+)`")


def explain(error: msgspec.ValidationError, wanted: Any, kind: str) -> dict[str, str]:
    """Its sentence under the place it speaks of: "#/items/0/price" of a body, "?limit" of a query (`kind` "?").

    `wanted` is the type that the request does not fit.
    """
    found = _PLACE.match(str(error))
    assert found
    words, place = found["words"], (found["place"] or "$").removeprefix("$").strip(".")
    steps = [step for step in re.split(r"[.\[\]]+", place) if step and step != "..."]
    if words.startswith("Invalid enum value"):
        words = f"Choose one of: {', '.join(_list_choices(wanted, steps))}"
    if named := _FIELD.search(words):
        steps.append(named["name"])
    where = f"?{steps[0] if steps else ''}" if kind == "?" else "/".join(["#", *steps])
    return {where: f"{words}."}


def _list_choices(wanted: Any, steps: Iterable[str]) -> list[str]:
    """The words that may stand at a place of the type."""
    (whole,), named = msgspec.json.schema_components([wanted], ref_template="{name}")
    at = _resolve(whole, named)
    for step in steps:
        at = _resolve(at.get("properties", {}).get(step) or at["items"], named)
    return [choice for choice in at["enum"] if choice is not None]


def _resolve(schema: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    """The schema without references; of one that may be null, what it is otherwise."""
    kinds = [named.get(kind.get("$ref", ""), kind) for kind in schema.get("anyOf", [schema])]
    return next(kind for kind in kinds if kind.get("type") != "null")
