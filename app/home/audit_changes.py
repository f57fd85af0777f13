"""What a change in the log says to a person: the field's name, what it was and what it is. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import unescape
from typing import Any, Final

from app.money import Money

EMPTY: Final = "empty"
_LONGEST: Final = 120
_TAG: Final = re.compile(r"<[^>]+>")
_OF_VARIANT: Final = re.compile(r"^(price|sku|picture) \d+$")
_MONEY: Final = re.compile(r"(^|_)price(_| |$)|_minor$")
_INSTANT: Final = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d")

_BY_CURRENCY: Final = frozenset({"flat", "floor", "cap"})
_PARTS_BY_CODE: Final = "discount_bearers"
_CONDITIONS: Final = "conditions"
_CURRENCY: Final = "price_currency"
_ORDER_OF_RULES: Final = "order"

FIELDS: Final = {
    "cap": "At most",
    "flat": "Plus per item",
    "floor": "At least",
    "is_collected": "The shop collects and sends",
    "is_on": "In use",
    "is_required": "Has to be answered",
    "may_change": "May change something",
    "next_release_at": "Release",
    "of": "Copied from product, to product",
    "payout_last4": "Account ends in",
    "seo_description": "Description for search engines",
    "seo_title": "Title for search engines",
    "shopify_customer_id": "Customer in Shopify",
    "sku": "SKU",
    "url": "Address",
}


@dataclass(frozen=True, slots=True)
class Writers:
    """How amounts, those without a currency in the shop's of then, and moments are written."""

    money: Callable[[Money], str]
    currency: str
    moment: Callable[[datetime], str]
    conditions: Callable[[Mapping[str, Any]], str] | None = None
    """Of commission rules, with the names of what they fit."""
    rules: Mapping[int, str] = field(default_factory=dict)
    """What commission rules are called, by number."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field, in words. `before` is None where there was nothing, or nothing else."""

    field: str
    before: str | None
    after: str


def say_changes(changes: Mapping[str, Any], writers: Writers) -> list[Change]:
    """The changes of an entry of the log. Values are [before, after]; what is not such a pair is said as it is."""
    return [_say(name, value, writers) for name, value in changes.items()]


def _say(name: str, value: Any, writers: Writers) -> Change:
    is_pair = isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2
    before, after = value if is_pair else (None, value)
    if name == _ORDER_OF_RULES and writers.rules:
        before, after = _without_same_ends(before, after)
    was, now = _write(name, before, writers), _write(name, after, writers)
    return Change(_label(name), None if was in {EMPTY, now} else was, now)


def _without_same_ends(before: Any, after: Any) -> tuple[Any, Any]:
    """Of two lists what differs, and at least one of each: what is cut off later must not be what was changed."""
    if not (isinstance(before, list) and isinstance(after, list)) or before == after:
        return before, after
    while min(len(before), len(after)) > 1 and before[0] == after[0]:
        before, after = before[1:], after[1:]
    while min(len(before), len(after)) > 1 and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    return before, after


def _label(name: str) -> str:
    """`name` may be a variant's field, such as "price 17"."""
    if name in FIELDS:
        return FIELDS[name]
    plain = re.sub(r"_(bps|minor|gid)$", "", _OF_VARIANT.sub(r"\1", name))
    words = plain.replace("_", " ")
    return FIELDS.get(plain) or f"{words[:1].upper()}{words[1:]}"


def _write(name: str, value: Any, writers: Writers) -> str:
    words = _write_whole(name, value, writers)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _write_whole(name: str, value: Any, writers: Writers) -> str:
    if value is None or value in ("", [], {}):
        return EMPTY
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return _write_number(name, value, writers)
    if isinstance(value, Mapping):
        return _write_mapping(name, value, writers)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(_write_whole(name, each, writers) for each in value)
    return _write_rate(value) if name.endswith("_bps") else _write_text(str(value), writers)


def _write_number(name: str, value: int, writers: Writers) -> str:
    if _MONEY.search(name):
        return writers.money(Money(value, writers.currency))
    if name == _ORDER_OF_RULES and value in writers.rules:
        return writers.rules[value]
    return _write_rate(value) if name.endswith("_bps") else str(value)


def _write_rate(bps: int | str) -> str:
    return f"{float(bps) / 100:g} %"


def _write_mapping(name: str, value: Mapping[str, Any], writers: Writers) -> str:
    """A variant by its values, such as "Large / Blue, Price $12.00"; of anything else what is not empty."""
    if name in _BY_CURRENCY:
        return ", ".join(writers.money(Money(minor, currency)) for currency, minor in value.items())
    if name == _PARTS_BY_CODE:
        return ", ".join(f"{code} {_write_rate(bps)}" for code, bps in value.items())
    if name == _CONDITIONS and writers.conditions:
        return writers.conditions(value)
    rest_of = {key: each for key, each in value.items() if key not in {"values", _CURRENCY}}
    writers = replace(writers, currency=value.get(_CURRENCY, writers.currency))
    named = " / ".join(map(str, value["values"])) if isinstance(value.get("values"), list) else ""
    rest = [
        f"{_label(key)} {said}" for key, each in rest_of.items() if (said := _write_whole(key, each, writers)) != EMPTY
    ]
    return ", ".join(part for part in (named, *rest) if part) or EMPTY


def _write_text(words: str, writers: Writers) -> str:
    if _INSTANT.match(words):
        try:
            return writers.moment(datetime.fromisoformat(words))
        except ValueError:
            return words
    return " ".join(unescape(_TAG.sub(" ", words)).split()) or EMPTY
