"""Which new products and edits a shop lets through without anybody looking. Pure.

A rule fits when everything it says holds; what it leaves empty does not matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

KINDS: Final = {"any": "New products and edits", "new": "New products", "edit": "Edits of products on sale"}
FIELDS: Final = {
    "title": "Title",
    "description": "Description",
    "category": "Category",
    "pictures": "Pictures",
    "options": "Options",
    "variants": "Variants",
    "seo": "Words for search engines",
    "price": "Prices",
    "sku": "SKUs",
}
_FULL: Final = 10_000


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a rule asks for. `most_move_bps`: from the reviewed price."""

    kind: str = "any"
    vendor_ids: frozenset[int] = frozenset()
    group_ids: frozenset[int] = frozenset()
    category: str = ""
    price_from: int | None = None
    """Price band in minor units of `price_currency`, both ends included."""
    price_to: int | None = None
    price_currency: str | None = None
    """None of a rule that names no prices. Of one that a program of before saved during an upgrade too: its prices are
    compared in any currency until it is saved again."""
    fields: frozenset[str] = frozenset()
    most_move_bps: int | None = None

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Conditions":
        sets: dict[str, Any] = {name: frozenset(kept.get(name, ())) for name in ("vendor_ids", "group_ids", "fields")}
        plain = ("kind", "category", "price_from", "price_to", "price_currency", "most_move_bps")
        return cls(**sets, **{name: kept[name] for name in plain if name in kept})

    @property
    def has_price_band(self) -> bool:
        return self.price_from is not None or self.price_to is not None

    def kept(self) -> dict[str, Any]:
        """For the row that keeps them: what is empty is left out."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in values.items()
            if value not in (None, "", frozenset())
        }


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be decided: a new product, or an edit with the fields it touches and how far it moves prices."""

    is_edit: bool
    vendor_id: int
    group_ids: frozenset[int]
    category: str
    prices: tuple[int, ...]
    currency: str
    """Of the prices."""
    fields: frozenset[str] = frozenset()
    moves: tuple[tuple[int, int], ...] = ()
    """(the last price that a person agreed to, what is wanted)."""


class Rule(Protocol):
    """A rule as it is kept."""

    @property
    def is_on(self) -> bool: ...
    @property
    def conditions(self) -> Mapping[str, Any]: ...


R = TypeVar("R", bound=Rule)


def find_rule(rules: Iterable[R], case: Case) -> R | None:
    """The first rule that lets this through."""
    return next((rule for rule in rules if rule.is_on and fits(Conditions.read(rule.conditions), case)), None)


def fits(asked: Conditions, case: Case) -> bool:
    """Whether everything that a rule asks for holds. Of vendors and groups one is enough."""
    anybody = not (asked.vendor_ids or asked.group_ids)
    return (
        (asked.kind == "any" or (asked.kind == "edit") == case.is_edit)
        and (anybody or case.vendor_id in asked.vendor_ids or bool(asked.group_ids & case.group_ids))
        and (not asked.category or is_within(case.category, asked.category))
        and _in_price_band(asked, case)
        and (not case.is_edit or not asked.fields or case.fields <= asked.fields)
        and all(_moves_little(asked.most_move_bps, was, wanted) for was, wanted in case.moves)
    )


def _in_price_band(asked: Conditions, case: Case) -> bool:
    if not asked.has_price_band:
        return True
    lowest, highest = asked.price_from or 0, asked.price_to
    in_band = all(lowest <= price and (highest is None or price <= highest) for price in case.prices)
    return in_band and asked.price_currency in (None, case.currency)


def _moves_little(most_bps: int | None, was: int, wanted: int) -> bool:
    return most_bps is None or abs(wanted - was) * _FULL <= was * most_bps


def is_within(category: str, wanted: str) -> bool:
    """Whether a category is `wanted` or one below it: "Home > Decor > Vases" is within "home > decor"."""
    path, part = ([word.strip() for word in name.casefold().split(">")] for name in (category, wanted))
    return path[: len(part)] == part


def field_kind(field: str) -> str:
    """The kind of a field of an edit as FIELDS names them: "price 7" is a price, "seo_title" is "seo"."""
    kind = field.partition(" ")[0]
    return "seo" if kind.startswith("seo_") else "pictures" if kind == "picture" else kind
