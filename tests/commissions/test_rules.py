"""The rules list: who wins, why, and who never can."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.commissions.rules import (
    Conditions,
    Rule,
    SoldLine,
    ancestors,
    choose_rule,
    days_on_hold,
    fee,
    in_other_currencies,
    line_fee,
    misfit,
    shadowed,
)

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
CATEGORY = "gid://shopify/TaxonomyCategory/"
ADA, BEA = 1, 2


def rule(number: int, bps: str = "1000", *, default: bool = False, **parts: Any) -> Rule:
    amounts = {name: parts.pop(name) for name in ("flat", "floor", "cap") if name in parts}
    conditions = Conditions(**parts)
    name = f"Rule {number}"
    return Rule(
        id=number, version=1, name=name, rate_bps=Decimal(bps), conditions=conditions, is_default=default, **amounts
    )


def sold(vendor: int = ADA, price: int = 1000, **more: Any) -> SoldLine:
    facts: dict[str, Any] = {"product_gid": None, "category_gid": None, "tags": frozenset(), "currency": "USD"}
    return SoldLine(vendor_id=vendor, unit_price=price, **(facts | {"ordered_at": NOON} | more))


DEFAULT = rule(99, default=True)


def winner(rules: list[Rule], line: SoldLine) -> int | None:
    found = choose_rule(rules, line).winner
    return found.id if found else None


def test_the_first_rule_that_fits_wins_and_the_next_is_named() -> None:
    rules = [rule(1, vendor_ids=frozenset({BEA})), rule(2, vendor_ids=frozenset({ADA})), DEFAULT]
    choice = choose_rule(rules, sold())
    assert choice.winner == rules[1]
    assert choice.runner_up == DEFAULT
    assert "Rule 2" in choice.reason


def test_without_any_rule_nothing_is_taken_and_it_says_so() -> None:
    choice = choose_rule([], sold())
    assert choice.winner is None
    assert "no commission" in choice.reason


def test_a_rule_without_conditions_matches_nothing_except_as_the_default() -> None:
    assert winner([rule(1), DEFAULT], sold()) == 99


@pytest.mark.parametrize(("price", "expected"), [(999, 99), (1000, 1), (1999, 1), (2000, 99)])
def test_a_price_band_takes_its_lower_end_and_not_its_upper(price: int, expected: int) -> None:
    band = rule(1, price_from=1000, price_to=2000, price_currency="USD")
    assert winner([band, DEFAULT], sold(price=price)) == expected


def test_a_price_band_says_nothing_about_another_currency() -> None:
    band = rule(1, price_from=1000, price_to=2000, price_currency="USD")
    assert winner([band, DEFAULT], sold(price=1500, currency="EUR")) == 99


@pytest.mark.parametrize(("day", "expected"), [(-1, 99), (0, 1), (6, 1), (7, 99)])
def test_a_period_takes_its_first_moment_and_not_its_last(day: int, expected: int) -> None:
    week = rule(1, ordered_from=NOON, ordered_to=NOON + timedelta(days=7))
    assert winner([week, DEFAULT], sold(ordered_at=NOON + timedelta(days=day))) == expected


def test_a_category_covers_everything_below_it() -> None:
    assert ancestors(CATEGORY + "hg-11-10") == [CATEGORY + "hg-11-10", CATEGORY + "hg-11", CATEGORY + "hg"]
    home = rule(1, category_gids=frozenset({CATEGORY + "hg-11"}))
    assert winner([home, DEFAULT], sold(category_gid=CATEGORY + "hg-11-10")) == 1
    assert winner([home, DEFAULT], sold(category_gid=CATEGORY + "hg-1")) == 99
    assert winner([home, DEFAULT], sold(category_gid=None)) == 99


def test_all_conditions_must_hold() -> None:
    both = rule(1, vendor_ids=frozenset({ADA}), tags=frozenset({"sale"}))
    assert winner([both, DEFAULT], sold(tags=frozenset({"sale", "new"}))) == 1
    assert winner([both, DEFAULT], sold()) == 99
    assert winner([both, DEFAULT], sold(BEA, tags=frozenset({"sale"}))) == 99


def test_a_rule_whose_fixed_amount_lacks_the_currency_is_passed_over() -> None:
    rules = [rule(1, vendor_ids=frozenset({ADA}), flat={"EUR": 50}), DEFAULT]
    assert winner(rules, sold()) == 99
    assert winner(rules, sold(currency="EUR")) == 1


@pytest.mark.parametrize(
    ("amounts", "base", "quantity", "expected"),
    [
        ({}, 1005, 1, 101),
        ({"flat": {"USD": 30}}, 1000, 3, 190),
        ({"floor": {"USD": 150}}, 1000, 1, 150),
        ({"cap": {"USD": 80}}, 1000, 1, 80),
        ({"floor": {"USD": 150}}, 120, 1, 120),
        ({"flat": {"USD": 500}}, 200, 1, 200),
        ({}, 0, 1, 0),
    ],
)
def test_percent_flat_floor_and_cap(amounts: dict[str, Any], base: int, quantity: int, expected: int) -> None:
    assert fee(rule(1, **amounts), base, quantity, "USD") == expected


@pytest.mark.parametrize(
    ("above", "below", "dead"),
    [
        (rule(1, vendor_ids=frozenset({ADA, BEA})), rule(2, vendor_ids=frozenset({ADA})), True),
        (rule(1, vendor_ids=frozenset({ADA})), rule(2, vendor_ids=frozenset({ADA, BEA})), False),
        (rule(1, vendor_ids=frozenset({ADA})), rule(2, vendor_ids=frozenset({ADA}), tags=frozenset({"x"})), True),
        (rule(1, vendor_ids=frozenset({ADA}), tags=frozenset({"x"})), rule(2, vendor_ids=frozenset({ADA})), False),
        (
            rule(1, category_gids=frozenset({CATEGORY + "hg"})),
            rule(2, category_gids=frozenset({CATEGORY + "hg-11"})),
            True,
        ),
        (rule(1, price_from=0, price_currency="USD"), rule(2, vendor_ids=frozenset({ADA})), False),
        (rule(1, vendor_ids=frozenset({ADA}), flat={"EUR": 1}), rule(2, vendor_ids=frozenset({ADA})), False),
        (rule(1, ordered_to=NOON), rule(2, ordered_to=NOON + timedelta(days=1)), False),
        (rule(1, ordered_to=NOON), rule(2, ordered_to=NOON - timedelta(days=1)), True),
    ],
)
def test_a_rule_that_can_never_fire_is_named_with_what_stands_above_it(above: Rule, below: Rule, *, dead: bool) -> None:
    assert shadowed([above, below, DEFAULT]) == ({2: above} if dead else {})


def _band(number: int, low: int | None, high: int | None, currency: str = "USD") -> Rule:
    return rule(number, price_from=low, price_to=high, price_currency=currency)


@pytest.mark.parametrize(
    ("above", "below", "dead"),
    [
        (_band(1, 10, 20), _band(2, 10, 20), True),
        (_band(1, 10, 20), _band(2, 9, 20), False),
        (_band(1, 10, 20), _band(2, 10, 21), False),
        (_band(1, 10, 20), _band(2, 11, 19), True),
        (_band(1, 10, 20), _band(2, 10, None), False),
        (_band(1, 10, None), _band(2, 10, None), True),
        (_band(1, None, 20), _band(2, None, 20), True),
        (_band(1, 0, 20), _band(2, None, 20), True),
        (_band(1, 1, 20), _band(2, None, 20), False),
        (_band(1, 10, 20), _band(2, 10, 20, "EUR"), False),
        (rule(1, category_gids=frozenset({CATEGORY + "hg"})), rule(2, tags=frozenset({"x"})), False),
        (
            rule(1, category_gids=frozenset({CATEGORY + "hg"})),
            rule(2, category_gids=frozenset({CATEGORY + "ap"})),
            False,
        ),
    ],
)
def test_a_band_or_category_is_shadowed_by_one_that_holds_all_of_it(above: Rule, below: Rule, *, dead: bool) -> None:
    assert (2 in shadowed([above, below, DEFAULT])) is dead


def test_the_ancestors_of_a_category_go_up_to_its_root() -> None:
    assert ancestors(CATEGORY + "hg-11-10") == [CATEGORY + "hg-11-10", CATEGORY + "hg-11", CATEGORY + "hg"]


def test_a_rule_without_conditions_can_never_fire() -> None:
    assert shadowed([rule(1), DEFAULT]) == {1: None}


_SETS = st.frozensets(st.sampled_from([1, 2, 3]), max_size=2)
_PATHS = ("a", "a-1", "a-1-2", "b")
_CODES = st.frozensets(st.sampled_from([CATEGORY + code for code in _PATHS]), max_size=2)
_WORDS = st.frozensets(st.sampled_from(["x", "y"]), max_size=2)
_DAYS = st.sampled_from([None, None, *(NOON + timedelta(days=day) for day in (-1, 0, 1))])
_AMOUNTS = st.sampled_from([{}, {}, {"USD": 1}, {"EUR": 1}, {"USD": 3, "EUR": 2}])


@st.composite
def rules_lists(draw: st.DrawFn) -> list[Rule]:
    made = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        parts: dict[str, Any] = {"ordered_from": draw(_DAYS), "ordered_to": draw(_DAYS)}
        low, high = sorted((draw(st.integers(0, 30)), draw(st.integers(0, 30))))
        if draw(st.booleans()):
            parts |= {"price_from": low, "price_to": high + 1, "price_currency": "USD"}
        sets = {"vendor_ids": _SETS, "group_ids": _SETS, "category_gids": _CODES}
        words = {"collection_gids": _WORDS, "tags": _WORDS, "product_gids": _WORDS}
        # Few conditions each, or hardly any rule would ever fit.
        chosen = draw(st.sets(st.sampled_from([*sets, *words]), max_size=2))
        parts |= {name: draw({**sets, **words}[name]) for name in sorted(chosen)}
        if draw(st.booleans()):
            parts |= {name: draw(_AMOUNTS) for name in ("flat", "floor", "cap")}
        made.append(rule(number, str(draw(st.integers(0, 10000))), **parts))
    return [*made, DEFAULT]


@st.composite
def sold_lines(draw: st.DrawFn) -> SoldLine:
    return sold(
        draw(st.sampled_from([1, 2, 3])),
        draw(st.integers(0, 32)),
        group_ids=draw(_SETS),
        category_gid=draw(st.sampled_from([None, *(CATEGORY + code for code in (*_PATHS, "a-1-2-3"))])),
        collection_gids=draw(_WORDS),
        tags=draw(_WORDS),
        product_gid=draw(st.sampled_from([None, "x", "y"])),
        currency=draw(st.sampled_from(["USD", "EUR"])),
        ordered_at=NOON + timedelta(days=draw(st.integers(-2, 2))),
    )


def fits_by_the_book(rule: Rule, line: SoldLine) -> bool:  # noqa: C901 - one step for each sentence
    """Money's rule 9 word by word, without a thought for speed."""
    for amounts in (rule.flat, rule.floor, rule.cap):
        if amounts and line.currency not in amounts:
            return False
    if rule.is_default:
        return True
    wanted, asked = rule.conditions, []
    if wanted.vendor_ids or wanted.group_ids:
        in_group = any(group in wanted.group_ids for group in line.group_ids)
        asked.append(any(line.vendor_id == vendor for vendor in wanted.vendor_ids) or in_group)
    if wanted.product_gids:
        asked.append(any(line.product_gid == product for product in wanted.product_gids))
    if wanted.category_gids:
        mine = (line.category_gid or "").split("-")
        asked.append(any(mine[: len(one.split("-"))] == one.split("-") for one in wanted.category_gids))
    if wanted.collection_gids:
        asked.append(any(one in line.collection_gids for one in wanted.collection_gids))
    if wanted.tags:
        asked.append(any(tag in line.tags for tag in wanted.tags))
    if wanted.price_from is not None and wanted.price_to is not None:
        asked.append(line.currency == wanted.price_currency)
        asked.append(line.unit_price in range(wanted.price_from, wanted.price_to))
    if wanted.ordered_from is not None:
        asked.append(line.ordered_at >= wanted.ordered_from)
    if wanted.ordered_to is not None:
        asked.append(line.ordered_at < wanted.ordered_to)
    return bool(asked) and all(asked)


@settings(max_examples=300)
@given(rules_lists(), sold_lines())
def test_winner_and_runner_up_are_those_of_the_book(rules: list[Rule], line: SoldLine) -> None:
    by_the_book = [rule for rule in rules if fits_by_the_book(rule, line)]
    choice = choose_rule(rules, line)
    assert choice.winner == by_the_book[0]
    assert choice.runner_up == (by_the_book[1] if len(by_the_book) > 1 else None)
    for one in rules:
        assert (misfit(one, line) is None) == (one in by_the_book)


@settings(max_examples=200)
@given(rules_lists(), sold_lines())
def test_a_shadowed_rule_never_wins(rules: list[Rule], line: SoldLine) -> None:
    assert winner(rules, line) not in shadowed(rules)


@settings(max_examples=200)
@given(rules_lists(), sold_lines())
def test_a_rule_in_other_currencies_never_wins(rules: list[Rule], line: SoldLine) -> None:
    assert choose_rule(rules, line).winner not in in_other_currencies(rules, line.currency)


@settings(max_examples=200)
@given(rules_lists(), st.integers(0, 10**9), st.integers(1, 100), st.sampled_from(["USD", "EUR", "JPY"]))
def test_a_fee_is_that_of_the_book(rules: list[Rule], base: int, quantity: int, currency: str) -> None:
    for one in rules:
        exact = Fraction(base) * Fraction(one.rate_bps) / 10000
        taken = int(exact + Fraction(1, 2)) + one.flat.get(currency, 0) * quantity
        taken = max(taken, one.floor.get(currency, taken))
        taken = min(taken, one.cap.get(currency, taken))
        assert fee(one, base, quantity, currency) == max(0, min(taken, base))


@given(value=st.integers(0, 10**6), tax=st.integers(0, 10**6), tax_leaves=st.booleans())
def test_included_tax_that_others_get_never_pays_the_commission(value: int, tax: int, *, tax_leaves: bool) -> None:
    tax = min(tax, value)
    for net in (True, False):
        whole = replace(rule(1, "10000"), net_of_tax=net)
        base, taken = line_fee(whole, value, tax, 1, "USD", tax_leaves=tax_leaves)
        assert base == (value - tax if net else value)
        assert 0 <= taken <= (value - tax if tax_leaves else value)


@pytest.mark.parametrize(
    ("taken", "days"),
    [(None, 14), (DEFAULT, 14), (replace(DEFAULT, hold_days=30), 30), (replace(DEFAULT, hold_days=0), 0)],
)
def test_a_rules_own_days_count_before_the_agreed_ones_and_none_is_a_number(taken: Rule | None, days: int) -> None:
    assert days_on_hold(taken, 14) == days
