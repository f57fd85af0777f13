"""Metafield and metaobject values: which types exist, and whether a text is a value of one."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from devstore.clock import parse_iso
from devstore.gids import InvalidGidError, parse_gid

REFERENCES = {
    "collection_reference": {"Collection"},
    "customer_reference": {"Customer"},
    "file_reference": {"MediaImage", "GenericFile"},
    "metaobject_reference": {"Metaobject"},
    "product_reference": {"Product"},
    "product_taxonomy_value_reference": {"TaxonomyValue"},
    "variant_reference": {"ProductVariant"},
}
_MEASURES = {"dimension", "volume", "weight"}
LARGEST_TEXT = 65_536


def is_type(name: str) -> bool:
    single = name.removeprefix("list.")
    return single in _CHECKS or single in REFERENCES or single in _MEASURES


def problem(kind: str, value: str, validations: Sequence[Mapping[str, str]] = ()) -> str | None:
    """What is wrong with `value` as a `kind`, in Shopify's words; None when nothing is."""
    if len(value) > (2 * LARGEST_TEXT if kind == "json" else LARGEST_TEXT):
        return "Value is too long"
    rules = {rule["name"]: rule["value"] for rule in validations}
    if not kind.startswith("list."):
        return _single(kind, value, rules)
    try:
        items = json.loads(value)
    except ValueError:
        items = None
    if not isinstance(items, list):
        return "Value must be an array of valid values."
    most = 256 if kind == "list.metaobject_reference" else 128
    if len(items) > most:
        return f"Value can't contain more than {most} items."
    problems = [_single(kind[5:], each if isinstance(each, str) else json.dumps(each), rules) for each in items]
    return next((each for each in problems if each), None)


def parsed(kind: str, value: str | None) -> Any:
    """The value as JSON, which GraphQL shows as `jsonValue`."""
    if value is None:
        return None
    if kind == "boolean":
        return value == "true"
    if kind == "number_integer":
        return int(value)
    return json.loads(value) if _is_structured(kind) else value


def written(kind: str, value: Any) -> str:
    """The text of a value that came as JSON: the opposite of `parsed`."""
    return value if isinstance(value, str) and not _is_structured(kind) else json.dumps(value)


def _is_structured(kind: str) -> bool:
    return kind.startswith("list.") or kind in {"json", "link", "money", "rating", "rich_text_field"} | _MEASURES


def _single(kind: str, value: str, rules: Mapping[str, str]) -> str | None:
    if kind in REFERENCES:
        return _reference(kind, value)
    if kind in _MEASURES:
        return _object("value", "unit")(value, rules)
    return _CHECKS[kind](value, rules) or _choice(value, rules)


def _reference(kind: str, value: str) -> str | None:
    try:
        found, _ = parse_gid(value)
    except InvalidGidError:
        found = ""
    return None if found in REFERENCES[kind] else f"Value must be a valid {kind.removesuffix('_reference')} reference."


def _choice(value: str, rules: Mapping[str, str]) -> str | None:
    choices = json.loads(rules["choices"]) if "choices" in rules else None
    return None if choices is None or value in choices else f"Value does not exist in provided choices: {choices}."


def _text(value: str, rules: Mapping[str, str]) -> str | None:
    if "min" in rules and len(value) < int(rules["min"]):
        return f"Value has a minimum length of {rules['min']}."
    if "max" in rules and len(value) > int(rules["max"]):
        return f"Value has a maximum length of {rules['max']}."
    if "regex" in rules and not re.search(rules["regex"], value):
        return "Value does not match the required format."
    return None


def _line(value: str, rules: Mapping[str, str]) -> str | None:
    return "Value must be a single line text string." if "\n" in value or "\r" in value else _text(value, rules)


def _url(value: str, _: Mapping[str, str]) -> str | None:
    try:
        parts = urlsplit(value)
    except ValueError:
        return "Value must be a valid URL."
    if parts.scheme not in {"http", "https", "mailto", "sms", "tel"}:
        return "Value must be one of the following URL schemes: http, https, mailto, sms, tel."
    return None if parts.netloc or parts.path else "Value must be a valid URL."


def _parsing(parse: Callable[[str], Any], said: str) -> Callable[[str, Mapping[str, str]], str | None]:
    def check(value: str, rules: Mapping[str, str]) -> str | None:
        try:
            number = parse(value)
        except ValueError:
            return said
        if isinstance(number, int | float):
            if "min" in rules and number < float(rules["min"]):
                return f"Value has a minimum of {rules['min']}."
            if "max" in rules and number > float(rules["max"]):
                return f"Value has a maximum of {rules['max']}."
        return None

    return check


def _object(*keys: str) -> Callable[[str, Mapping[str, str]], str | None]:
    def check(value: str, _: Mapping[str, str]) -> str | None:
        try:
            found = json.loads(value)
        except ValueError:
            return "Value is invalid JSON."
        missing = [key for key in keys if not isinstance(found, dict) or key not in found]
        return f"Value must contain {', '.join(missing)}." if missing else None

    return check


def _boolean(value: str, _: Mapping[str, str]) -> str | None:
    return None if value in {"true", "false"} else "Value must be true or false."


def _color(value: str, _: Mapping[str, str]) -> str | None:
    return None if re.fullmatch(r"#[0-9a-fA-F]{6}", value) else "Value must be a hex color code."


_CHECKS: dict[str, Callable[[str, Mapping[str, str]], str | None]] = {
    "boolean": _boolean,
    "color": _color,
    "date": _parsing(date.fromisoformat, "Value must be in YYYY-MM-DD format."),
    "date_time": _parsing(parse_iso, "Value must be in YYYY-MM-DDTHH:MM:SS format."),
    "id": _line,
    "json": _object(),
    "link": _object("text", "url"),
    "money": _object("amount", "currency_code"),
    "multi_line_text_field": _text,
    "number_decimal": _parsing(float, "Value must be a decimal."),
    "number_integer": _parsing(int, "Value must be an integer."),
    "rating": _object("value", "scale_min", "scale_max"),
    "rich_text_field": _object("type", "children"),
    "single_line_text_field": _line,
    "url": _url,
}
