"""What an edit to a product on sale changes, what of it may go live at once, and what the shop changed meanwhile.

A snapshot is a product's content by field: "title", "description", "category", "attributes", "pictures", "seo_title",
"seo_description", and "price 7", "sku 7" and "picture 7" for the variant with the id 7. Prices are minor units, a
category is {"gid", "name"} or None, attributes are answers as app/products/attributes.py has them, pictures are
[{"gid", "alt", "url"}] in their order, a variant's picture is one of them or None. "options" are those of
app/products/option_rules.py. "variants" are [{"values"}], one value for each option; those that an edit adds say
"price", "sku" and "stock" besides, and may say "picture".
"""

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from app.languages import _, lazy

Snapshot: TypeAlias = dict[str, Any]
Changes: TypeAlias = dict[str, list[Any]]
"""Field → [what was on sale, what is wanted]."""

WORDS: Final = {
    "title": lazy("Title"),
    "description": lazy("Description"),
    "category": lazy("Category"),
    "attributes": lazy("Details"),
    "pictures": lazy("Pictures"),
    "options": lazy("Options"),
    "variants": lazy("Variants"),
    "seo_title": lazy("Title in search engines"),
    "seo_description": lazy("Description in search engines"),
}
_FULL: Final = 10_000
_PIECES: Final = re.compile(r"\S+\s*")


def same(one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same.

    Categories are told apart by gid: their names are translated. So are pictures, whose addresses change. Variants are
    told apart by their values, in whatever order; so are a category's answers.
    """
    if isinstance(one, list) and isinstance(other, list):
        return _keys(one) == _keys(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return bool(one["gid"] == other["gid"])
    return bool(one == other)


def _keys(many: list[Mapping[str, Any]]) -> list[Any]:
    if many and "values" in many[0] and "name" in many[0]:
        return [(each["name"], each["values"]) for each in many]
    if many and "values" in many[0]:
        return sorted(each["values"] for each in many)
    if many and "chosen" in many[0]:
        return sorted((each["gid"], sorted(value["gid"] for value in each["chosen"])) for each in many)
    return [(each["gid"], each["alt"]) for each in many]


def differences(live: Snapshot, wanted: Snapshot) -> Changes:
    """The fields of `wanted` that are otherwise on sale. Fields that are not on sale at all are left out."""
    return {f: [live[f], value] for f, value in wanted.items() if f in live and not same(live[f], value)}


def drifted(changes: Changes, live: Snapshot) -> Snapshot:
    """The fields that somebody changed in the shop since the vendor looked, with what is there now.

    None stands for a variant that is gone. What the shop changed to the wanted value is no disagreement.
    """
    return {
        field: live.get(field)
        for field, (was, wanted) in changes.items()
        if not same(live.get(field), wanted)
        and (not same(live.get(field), was) or (field == "variants" and not is_possible(wanted, live)))
    }


def is_possible(wanted: Sequence[dict[str, Any]], live: Snapshot) -> bool:
    """Whether an edit's variants can still be had: there are some, and each of them fits."""
    return bool(wanted) and still_fit(wanted, live) == wanted


def still_fit(wanted: Sequence[dict[str, Any]], live: Snapshot) -> list[dict[str, Any]]:
    """Of an edit's variants those that are on sale, and new ones that come in the options that are on sale.

    Staff may have edited variants and options in Shopify since; what they took away is not made again.
    """
    there = [each["values"] for each in live["variants"]]
    count = len(live["options"])
    return [each for each in wanted if each["values"] in there or ("price" in each and len(each["values"]) == count)]


def split_safe(changes: Changes, reviewed: Mapping[int, int], band_bps: int) -> tuple[Changes, Changes]:
    """(what goes live at once, what waits). `reviewed`: the last price a person agreed to, by variant id.

    The band is measured from there, so that many small steps do not add up to a large one nobody saw.
    """
    safe = {field: change for field, change in changes.items() if _is_safe(field, change[1], reviewed, band_bps)}
    return safe, {field: change for field, change in changes.items() if field not in safe}


def _is_safe(field: str, wanted: Any, reviewed: Mapping[int, int], band_bps: int) -> bool:
    kind, variant_id = variant_of(field)
    if kind == "sku":
        # The vendor's own number for what lies on their shelf.
        return True
    if kind != "price" or variant_id is None or variant_id not in reviewed:
        return False
    reference = reviewed[variant_id]
    return bool(abs(wanted - reference) * _FULL <= reference * band_bps)


def variant_of(field: str) -> tuple[str, int | None]:
    """("price", 7) of "price 7"; (field, None) for what belongs to the product."""
    kind, _, number = field.partition(" ")
    return kind, int(number) if number.isdecimal() else None


def names_prices(fields: Iterable[str]) -> bool:
    """Variants that an edit adds say what they cost."""
    return any(variant_of(field)[0] in {"price", "variants"} for field in fields)


def fingerprint(version: int, changes: Changes, live: Snapshot) -> str:
    """What a reviewer looked at: this version of the proposal beside these values on sale."""
    seen = [version, {field: live.get(field) for field in changes}]
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:16]


def describe(fields: Iterable[str], names: Mapping[int, str]) -> list[str]:
    """Fields in a reader's words; `names` says what a variant is called ("" when there is only one)."""
    return [label(field, names) for field in fields]


def label(field: str, names: Mapping[int, str]) -> str:
    kind, variant_id = variant_of(field)
    if variant_id is None:
        return str(WORDS.get(kind, kind))
    word = {"sku": "SKU", "stock": _("In stock"), "picture": _("Picture")}.get(kind.partition("@")[0], _("Price"))
    name = names.get(variant_id, "a variant that is gone")
    return f"{word}, {name}" if name else word


def compare_words(was: str, now: str) -> list[tuple[str, str]]:
    """A text's way from `was` to `now` as pieces: ("same" | "gone" | "new", words)."""
    before, after = _PIECES.findall(was), _PIECES.findall(now)
    pieces: list[tuple[str, str]] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("same", "".join(before[i:j])))
            continue
        pieces += [("gone", "".join(before[i:j]))] if i < j else []
        pieces += [("new", "".join(after[k:m]))] if k < m else []
    return pieces


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in an edit, as one of its two sides shows it. `mark`: "new", "gone", "moved", "words" or ""."""

    url: str
    alt: str
    mark: str


def compare_pictures(was: Sequence[Mapping[str, str]], now: Sequence[Mapping[str, str]]) -> list[list[Picture]]:
    """Both sides of an edit, each picture marked with what becomes of it. Moved are those out of the common order."""
    old, new = [p["gid"] for p in was], [p["gid"] for p in now]
    words = {p["gid"]: p["alt"] for p in was}
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    kept = {gid for block in blocks for gid in new[block.b : block.b + block.size]}
    before = [Picture(p["url"], p["alt"], "" if p["gid"] in new else "gone") for p in was]
    after = []
    for p in now:
        mark = "new" if p["gid"] not in words else "moved" if p["gid"] not in kept else ""
        after.append(Picture(p["url"], p["alt"], mark or ("words" if words[p["gid"]] != p["alt"] else "")))
    return [before, after]
