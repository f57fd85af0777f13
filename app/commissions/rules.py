"""Which commission rule fires for a sold line, why, and which rules never can. Pure.

One ordered list per shop; the first rule whose conditions all hold wins. A rule without any condition matches nothing,
except the single default at the bottom. A rule whose fixed amounts lack the order's currency is passed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import NamedTuple

import msgspec

from app.money import Money, take_bps

FULL_BPS = Decimal(10000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """All that are given must hold; an empty one does not restrict."""

    vendor_ids: frozenset[int] = frozenset()
    group_ids: frozenset[int] = frozenset()
    """Groups of vendors. Beside vendors: one of the vendors, or somebody of one of the groups."""
    product_gids: frozenset[str] = frozenset()
    category_gids: frozenset[str] = frozenset()
    """A category also covers everything below it."""
    collection_gids: frozenset[str] = frozenset()
    """One of them is enough, as of tags."""
    tags: frozenset[str] = frozenset()
    """Lower case."""
    price_from: int | None = None
    """Unit price band [from, to) in minor units of `price_currency`."""
    price_to: int | None = None
    price_currency: str | None = None
    ordered_from: datetime | None = None
    """Order date inside [from, to)."""
    ordered_to: datetime | None = None

    @property
    def has_price_band(self) -> bool:
        return self.price_from is not None or self.price_to is not None

    @property
    def is_empty(self) -> bool:
        return self == Conditions(price_currency=self.price_currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    id: int
    version: int
    name: str
    rate_bps: Decimal
    """Basis points with up to two decimals: 7.59 % is 759."""
    conditions: Conditions = Conditions()
    flat: Mapping[str, int] = field(default_factory=dict)
    """Per unit, minor units by currency; the same shape for the floor and the cap of the whole line."""
    floor: Mapping[str, int] = field(default_factory=dict)
    cap: Mapping[str, int] = field(default_factory=dict)
    net_of_tax: bool = False
    """Take the included tax out of the base first."""
    with_shipping: bool = False
    """Take the rate of the vendor's part of the shipping as well."""
    hold_days: int | None = None
    """For how many days after the parcel the vendor's money waits; None: as agreed with the vendor."""
    is_default: bool = False
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What people call the products, categories and collections of the conditions, by gid."""

    @property
    def currencies(self) -> frozenset[str] | None:
        """The currencies that the rule's fixed amounts allow; None when it has none and so allows all."""
        if not (self.flat or self.floor or self.cap):
            return None
        given = [frozenset(amounts) for amounts in (self.flat, self.floor, self.cap) if amounts]
        return frozenset.intersection(*given)


class SoldLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule may ask about a line."""

    vendor_id: int
    group_ids: frozenset[int] = frozenset()
    product_gid: str | None
    category_gid: str | None
    collection_gids: frozenset[str] = frozenset()
    tags: frozenset[str]
    unit_price: int
    currency: str
    ordered_at: datetime


class Choice(NamedTuple):
    """`winner` is None only when there is no default rule that fits; `reason` is a sentence for people."""

    winner: Rule | None
    reason: str
    runner_up: Rule | None


def choose_rule(rules: Sequence[Rule], line: SoldLine, zone: tzinfo = UTC) -> Choice:
    """The first rule that fits, why (by the days of the shop's time zone), and the one that would have been next."""
    fitting = [rule for rule in rules if misfit(rule, line) is None]
    if not fitting:
        return Choice(None, "No rule fits this line, so no commission is taken.", None)
    winner = fitting[0]
    return Choice(winner, _reason(winner, zone), fitting[1] if len(fitting) > 1 else None)


def misfit(rule: Rule, line: SoldLine) -> str | None:
    """Why the rule does not fit the line, in a few words; None when it fits."""
    currencies = rule.currencies
    if currencies is not None and line.currency not in currencies:
        return f"has no amounts in {line.currency}"
    return None if rule.is_default else next(_misfits(rule.conditions, line), None)


def ancestors(category_gid: str) -> list[str]:
    """The category and everything above it. Shopify's ids carry the path: …/hg-11-10 lies in …/hg-11 and …/hg."""
    prefix, _, code = category_gid.rpartition("/")
    steps = code.split("-")
    return [f"{prefix}/{'-'.join(steps[:depth])}" for depth in range(len(steps), 0, -1)]


def fee(rule: Rule, base: int, quantity: int, currency: str) -> int:
    """The commission on one line: rate on base + flat per unit, then floor and cap, within 0 and base."""
    amount = take_bps(base, rule.rate_bps) + rule.flat.get(currency, 0) * quantity
    amount = max(amount, rule.floor.get(currency, 0))
    amount = min(amount, rule.cap.get(currency, amount))
    return max(0, min(amount, base))


def line_fee(
    rule: Rule | None, value: int, included_tax: int, quantity: int, currency: str, *, tax_leaves: bool
) -> tuple[int, int]:
    """(base, commission) of a sold line worth `value` after the vendor's discounts.

    `tax_leaves`: others than the vendor get the included tax. It cannot pay the commission, so that the vendor is never
    left with less than nothing.
    """
    base = value - included_tax if rule and rule.net_of_tax else value
    amount = fee(rule, base, quantity, currency) if rule else 0
    return base, max(0, min(amount, value - included_tax)) if tax_leaves else amount


def days_on_hold(rule: Rule | None, agreed: int) -> int:
    """The rule's own days before those that are agreed with the vendor or with all."""
    return agreed if rule is None or rule.hold_days is None else rule.hold_days


def shadowed(rules: Sequence[Rule]) -> dict[int, Rule | None]:
    """Rules that can never fire, by id: the rule above that always wins first, or None when it has no condition."""
    dead: dict[int, Rule | None] = {}
    for position, rule in enumerate(rules):
        if rule.conditions.is_empty and not rule.is_default:
            dead[rule.id] = None
        elif above := next((other for other in rules[:position] if _covers(other, rule)), None):
            dead[rule.id] = above
    return dead


def in_other_currencies(rules: Sequence[Rule], currency: str) -> list[Rule]:
    """Rules that pass over all that is sold in this one, because of the currencies of their amounts or prices."""
    return [
        rule
        for rule in rules
        if (rule.currencies is not None and currency not in rule.currencies)
        or (rule.conditions.has_price_band and rule.conditions.price_currency != currency)
    ]


def describe_conditions(
    conditions: Conditions,
    names: Mapping[int, str],
    labels: Mapping[str, str] | None = None,
    groups: Mapping[int, str] | None = None,
    zone: tzinfo = UTC,
) -> list[str]:
    """The conditions as short phrases, for lists and reasons; the mappings give vendors and others their names."""
    labels, groups = labels or {}, groups or {}
    phrases = []
    if conditions.vendor_ids or conditions.group_ids:
        whom = sorted(names.get(i, f"#{i}") for i in conditions.vendor_ids)
        whom += sorted("group " + groups.get(i, f"#{i}") for i in conditions.group_ids)
        phrases.append("vendor " + " or ".join(whom))
    of_products = (
        ("product", conditions.product_gids),
        ("category", conditions.category_gids),
        ("collection", conditions.collection_gids),
    )
    for noun, values in of_products:
        if values:
            known = (labels.get(value, value.rpartition("/")[2]) for value in values)
            phrases.append(f"{noun} " + " or ".join(sorted(known)))
    if conditions.tags:
        phrases.append("tag " + " or ".join(sorted(conditions.tags)))
    if conditions.has_price_band:
        phrases.append(_band(conditions))
    if conditions.ordered_from:
        phrases.append(f"ordered from {_day(conditions.ordered_from, zone)}")
    if conditions.ordered_to:
        phrases.append(f"ordered before {_day(conditions.ordered_to, zone)}")
    return phrases


def _band(conditions: Conditions) -> str:
    currency, low, high = conditions.price_currency or "", conditions.price_from, conditions.price_to
    phrases = [f"from {Money(low, currency)}"] if low is not None else []
    phrases += [f"below {Money(high, currency)}"] if high is not None else []
    return "unit price " + " and ".join(phrases)


def _day(moment: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%b} {local.day}, {local.year}"


def _reason(rule: Rule, zone: tzinfo) -> str:
    if rule.is_default:
        return f"No other rule fits, so the default “{rule.name}” applies."
    others = replace(rule.conditions, vendor_ids=frozenset(), group_ids=frozenset())
    whom = ["this vendor"] if rule.conditions.vendor_ids or rule.conditions.group_ids else []
    phrases = ", ".join([*whom, *describe_conditions(others, {}, rule.labels, zone=zone)])
    return f"“{rule.name}” is the first rule in the list that fits ({phrases})."


def _misfits(wanted: Conditions, line: SoldLine) -> Iterator[str]:
    """One by one: of a long list most rules are for other vendors, and nothing else of them need be looked at."""
    if not _is_wanted_vendor(wanted, line):
        yield "is for other vendors"
    if wanted.product_gids and line.product_gid not in wanted.product_gids:
        yield "is for other products"
    if wanted.category_gids and not wanted.category_gids & _lineage(line.category_gid):
        yield "is for other categories"
    if wanted.collection_gids and not wanted.collection_gids & line.collection_gids:
        yield "is for other collections"
    if wanted.tags and not wanted.tags & line.tags:
        yield "is for other tags"
    if not _in_price_band(wanted, line):
        yield "is for other prices"
    if wanted.ordered_from and line.ordered_at < wanted.ordered_from:
        yield "begins later"
    if wanted.ordered_to and line.ordered_at >= wanted.ordered_to:
        yield "has ended"
    if wanted.is_empty:
        yield "has no condition"


def _is_wanted_vendor(wanted: Conditions, line: SoldLine) -> bool:
    if not wanted.vendor_ids and not wanted.group_ids:
        return True
    return line.vendor_id in wanted.vendor_ids or bool(wanted.group_ids & line.group_ids)


def _lineage(category_gid: str | None) -> frozenset[str]:
    return frozenset(ancestors(category_gid)) if category_gid else frozenset()


def _in_price_band(wanted: Conditions, line: SoldLine) -> bool:
    if not wanted.has_price_band:
        return True
    low = wanted.price_from if wanted.price_from is not None else 0
    high = wanted.price_to
    in_band = low <= line.unit_price and (high is None or line.unit_price < high)
    return in_band and line.currency == wanted.price_currency


def _covers(above: Rule, below: Rule) -> bool:
    """Whether every line that fits `below` also fits `above`."""
    if above.currencies is not None and (below.currencies is None or not below.currencies <= above.currencies):
        return False
    if above.is_default:
        return True
    if above.conditions.is_empty or below.is_default:
        return False
    wide, narrow = above.conditions, below.conditions
    sets = (
        (_whom(wide), _whom(narrow)),
        (wide.product_gids, narrow.product_gids),
        (wide.collection_gids, narrow.collection_gids),
        (wide.tags, narrow.tags),
    )
    return (
        all(not outer or (inner and inner <= outer) for outer, inner in sets)
        and _categories_cover(wide.category_gids, narrow.category_gids)
        and _prices_cover(wide, narrow)
        and (wide.ordered_from is None or (narrow.ordered_from or _BEGINNING) >= wide.ordered_from)
        and (wide.ordered_to is None or (narrow.ordered_to is not None and narrow.ordered_to <= wide.ordered_to))
    )


def _whom(conditions: Conditions) -> frozenset[tuple[str, int]]:
    vendors = {("vendor", number) for number in conditions.vendor_ids}
    return frozenset(vendors | {("group", number) for number in conditions.group_ids})


def _categories_cover(outer: frozenset[str], inner: frozenset[str]) -> bool:
    return not outer or (bool(inner) and all(outer & _lineage(gid) for gid in inner))


def _prices_cover(wide: Conditions, narrow: Conditions) -> bool:
    if not wide.has_price_band:
        return True
    if not narrow.has_price_band or wide.price_currency != narrow.price_currency:
        return False
    low_ok = (wide.price_from or 0) <= (narrow.price_from or 0)
    return low_ok and (wide.price_to is None or (narrow.price_to is not None and narrow.price_to <= wide.price_to))


_BEGINNING = datetime.fromisoformat("0001-01-01T00:00:00+00:00")
