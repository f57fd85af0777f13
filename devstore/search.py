"""Shopify's search syntax for lists and filters: `vendor:'Acme' AND status:active -tag:old updated_at:>=2026-01-01`."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from devstore.clock import parse_iso

Lookup = Callable[[str | None], Iterable[Any]]

_TOKEN = re.compile(
    r"""\s*(?:(?P<paren>[()])|(?P<word>AND|OR|NOT)(?=[\s(])
    |(?P<minus>-)?(?:(?P<key>[\w.$-]+):)?(?P<op>>=|<=|>|<)?(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>[^\s()]+)))""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class _Term:
    key: str | None
    operator: str
    value: str
    negated: bool


def matches(text: str | None, lookup: Lookup) -> bool:
    """Whether a record fits the query.

    `lookup(key)` gives the record's values of that key, `lookup(None)` the texts that words without a key search.
    Empty text fits everything. A key that `lookup` does not know should give no values: nothing fits.
    """
    if not text or not text.strip():
        return True
    tokens = [found for found in _TOKEN.finditer(text) if found.group().strip()]
    return _either(tokens, [0], lookup)


def _either(tokens: list[re.Match[str]], at: list[int], lookup: Lookup) -> bool:
    result = _all(tokens, at, lookup)
    while at[0] < len(tokens) and tokens[at[0]]["word"] == "OR":
        at[0] += 1
        right = _all(tokens, at, lookup)
        result = result or right
    return result


def _all(tokens: list[re.Match[str]], at: list[int], lookup: Lookup) -> bool:
    result = True
    while at[0] < len(tokens) and tokens[at[0]]["word"] != "OR" and tokens[at[0]]["paren"] != ")":
        if tokens[at[0]]["word"] == "AND":
            at[0] += 1
            continue
        one = _one(tokens, at, lookup)
        result = result and one
    return result


def _one(tokens: list[re.Match[str]], at: list[int], lookup: Lookup) -> bool:
    token = tokens[at[0]]
    at[0] += 1
    if token["word"] == "NOT" and at[0] < len(tokens):
        return not _one(tokens, at, lookup)
    if token["paren"] == "(":
        inside = _either(tokens, at, lookup)
        at[0] += 1
        return inside
    value = next((token[name] for name in ("single", "double", "bare") if token[name] is not None), "")
    return _fits(_Term(token["key"], token["op"] or "=", value, bool(token["minus"])), lookup)


def _fits(term: _Term, lookup: Lookup) -> bool:
    found = any(_compare(each, term) for each in lookup(term.key) if each is not None)
    return found != term.negated


def _compare(actual: Any, term: _Term) -> bool:
    if term.operator == "=":
        text, wanted = str(actual).lower(), term.value.lower()
        if term.key is None:
            return wanted.rstrip("*") in text
        if wanted == "*":
            return bool(text)
        return text.startswith(wanted[:-1]) if wanted.endswith("*") else text == wanted
    left, right = _comparable(actual), _comparable(term.value)
    if type(left) is not type(right):
        return False
    return bool(
        {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}[term.operator]  # type: ignore[operator]
    )


def _comparable(value: Any) -> float | datetime | str:
    text = str(value)
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return parse_iso(text).astimezone(UTC)
    except ValueError:
        return text
