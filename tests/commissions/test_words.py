"""What a rule says of itself: why it does not fit, what it fits, and which rule above makes it useless."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from flask import Flask, g

from app.commissions.queries import freeze_rule, thaw_rule
from app.commissions.rules import (
    Conditions,
    Rule,
    SoldLine,
    choose_rule,
    describe_conditions,
    line_fee,
    misfit,
    shadowed,
)
from app.languages import speaking
from app.models.orders import OrderLine
from app.orders.reasons import asked_for, say_reason

TOKYO = ZoneInfo("Asia/Tokyo")
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
PRODUCT, CATEGORY, COLLECTION = (f"gid://shopify/{kind}/" for kind in ("Product", "TaxonomyCategory", "Collection"))
LINE = SoldLine(
    vendor_id=1,
    group_ids=frozenset({5}),
    product_gid=PRODUCT + "7",
    category_gid=CATEGORY + "hg-11",
    collection_gids=frozenset({COLLECTION + "3"}),
    tags=frozenset({"sale"}),
    unit_price=0,
    currency="USD",
    ordered_at=NOON,
)
DEFAULT = Rule(id=99, version=1, name="Default", rate_bps=Decimal(1000), is_default=True)


def rule(**conditions: Any) -> Rule:
    return Rule(id=1, version=1, name="Rule", rate_bps=Decimal(1000), conditions=Conditions(**conditions))


def some(*values: Any) -> frozenset[Any]:
    return frozenset(values)


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({}, "has no condition"),
        ({"vendor_ids": some(1)}, None),
        ({"vendor_ids": some(2)}, "is for other vendors"),
        ({"group_ids": some(5)}, None),
        ({"group_ids": some(6)}, "is for other vendors"),
        ({"vendor_ids": some(2), "group_ids": some(5)}, None),
        ({"product_gids": some(PRODUCT + "7")}, None),
        ({"product_gids": some(PRODUCT + "8")}, "is for other products"),
        ({"category_gids": some(CATEGORY + "hg")}, None),
        ({"category_gids": some(CATEGORY + "ap")}, "is for other categories"),
        ({"collection_gids": some(COLLECTION + "3")}, None),
        ({"collection_gids": some(COLLECTION + "4")}, "is for other collections"),
        ({"tags": some("sale", "new")}, None),
        ({"tags": some("new")}, "is for other tags"),
        ({"price_to": 1, "price_currency": "USD"}, None),
        ({"price_from": 1, "price_currency": "USD"}, "is for other prices"),
        ({"price_to": 1, "price_currency": "EUR"}, "is for other prices"),
        ({"ordered_from": NOON}, None),
        ({"ordered_from": NOON + timedelta(seconds=1)}, "begins later"),
        ({"ordered_to": NOON + timedelta(seconds=1)}, None),
        ({"ordered_to": NOON}, "has ended"),
    ],
)
def test_a_rule_says_why_it_does_not_fit(conditions: dict[str, Any], words: str | None) -> None:
    assert misfit(rule(**conditions), LINE) == words


def test_a_rule_without_amounts_in_the_currency_says_so() -> None:
    assert misfit(replace(DEFAULT, flat={"EUR": 1}), LINE) == "has no amounts in USD"


def test_a_choice_gives_its_reason_as_a_sentence() -> None:
    assert choose_rule([], LINE).reason == "No rule fits this line, so no commission is taken."
    assert choose_rule([DEFAULT], LINE).reason == "No other rule fits, so the default “Default” applies."
    special = rule(vendor_ids=some(1), tags=some("sale"))
    expected = "“Rule” is the first rule in the list that fits (this vendor, tag sale)."
    assert choose_rule([special, DEFAULT], LINE).reason == expected
    assert "(tag sale)" in choose_rule([rule(tags=some("sale"))], LINE).reason
    assert "(this vendor)" in choose_rule([rule(group_ids=some(5))], LINE).reason


def test_conditions_are_described_with_the_names_that_people_gave() -> None:
    wanted = Conditions(
        vendor_ids=some(1, 2),
        group_ids=some(5, 6),
        product_gids=some(PRODUCT + "7"),
        category_gids=some(CATEGORY + "hg-11", CATEGORY + "ap"),
        collection_gids=some(COLLECTION + "3"),
        tags=some("sale", "new"),
        price_from=100,
        price_to=2000,
        price_currency="USD",
        ordered_from=NOON,
        ordered_to=NOON + timedelta(days=31),
    )
    assert describe_conditions(wanted, {1: "Ada"}, {CATEGORY + "ap": "Clothes"}, {5: "Locals"}) == [
        "vendor #2 or Ada or group #6 or group Locals",
        "product 7",
        "category Clothes or hg-11",
        "collection 3",
        "tag new or sale",
        "unit price from 1.00 USD and below 20.00 USD",
        "ordered from Oct 1, 2026",
        "ordered before Nov 1, 2026",
    ]
    assert describe_conditions(Conditions(), {}) == []
    assert describe_conditions(Conditions(group_ids=some(5)), {}) == ["vendor group #5"]
    cheap = Conditions(price_to=1500, price_currency="JPY")
    assert describe_conditions(cheap, {}) == ["unit price below 1500 JPY"]


def test_days_are_those_of_the_shops_time_zone() -> None:
    midnight_there = datetime(2026, 3, 1, tzinfo=TOKYO)
    spring = Conditions(ordered_from=midnight_there.astimezone(UTC), ordered_to=midnight_there + timedelta(days=31))
    assert describe_conditions(spring, {}, zone=TOKYO) == ["ordered from Mar 1, 2026", "ordered before Apr 1, 2026"]
    line = msgspec.structs.replace(LINE, ordered_at=midnight_there)
    march = replace(rule(), conditions=spring)
    assert "(ordered from Mar 1, 2026, ordered before Apr 1, 2026)" in choose_rule([march], line, TOKYO).reason


@pytest.mark.parametrize(
    ("above", "below", "dead"),
    [
        ({"ordered_from": NOON}, {"ordered_from": NOON}, True),
        ({"ordered_from": NOON}, {"ordered_from": NOON - timedelta(days=1)}, False),
        ({"ordered_from": NOON}, {"tags": some("x")}, False),
        ({"ordered_to": NOON}, {"ordered_to": NOON}, True),
        ({"ordered_to": NOON}, {"tags": some("x")}, False),
        ({"vendor_ids": some(5)}, {"group_ids": some(5)}, False),
        ({"group_ids": some(5)}, {"vendor_ids": some(5)}, False),
        ({"group_ids": some(5, 6)}, {"group_ids": some(5)}, True),
        ({"collection_gids": some("a", "b")}, {"collection_gids": some("a")}, True),
        ({"collection_gids": some("a")}, {"collection_gids": some("a", "b")}, False),
        ({"product_gids": some("a", "b")}, {"product_gids": some("a")}, True),
    ],
)
def test_a_condition_is_covered_by_one_that_holds_all_of_it(
    above: dict[str, Any], below: dict[str, Any], *, dead: bool
) -> None:
    rules = [rule(**above), replace(rule(**below), id=2), DEFAULT]
    assert (2 in shadowed(rules)) is dead


def test_of_two_defaults_the_second_fires_only_for_currencies_that_the_first_lacks() -> None:
    plain, dollars = replace(DEFAULT, id=1), replace(DEFAULT, id=1, flat={"USD": 1})
    both = replace(DEFAULT, id=1, flat={"USD": 1, "EUR": 1})
    assert 2 in shadowed([plain, replace(DEFAULT, id=2)])
    assert 2 in shadowed([plain, replace(dollars, id=2)])
    assert 2 in shadowed([dollars, replace(dollars, id=2)])
    assert 2 in shadowed([both, replace(dollars, id=2)])
    assert 2 not in shadowed([dollars, replace(both, id=2)])
    assert 2 not in shadowed([dollars, replace(DEFAULT, id=2, flat={"EUR": 1})])
    assert 2 not in shadowed([dollars, replace(DEFAULT, id=2)])


@pytest.mark.parametrize(
    ("taken", "value", "tax", "leaves", "expected"),
    [
        (None, 1000, 0, True, (1000, 0)),
        (DEFAULT, 1000, 200, True, (1000, 100)),
        (replace(DEFAULT, rate_bps=Decimal(10000)), 1000, 200, True, (1000, 800)),
        (replace(DEFAULT, rate_bps=Decimal(10000)), 1000, 200, False, (1000, 1000)),
        (replace(DEFAULT, net_of_tax=True), 1200, 200, True, (1000, 100)),
    ],
)
def test_included_tax_that_leaves_cannot_pay_the_commission(
    taken: Rule | None, value: int, tax: int, expected: tuple[int, int], *, leaves: bool
) -> None:
    assert line_fee(taken, value, tax, 1, "USD", tax_leaves=leaves) == expected


def test_a_vendor_reads_the_reason_in_their_own_language() -> None:
    special = replace(rule(tags=some("sale")), name="Summer")
    frozen = [freeze_rule(one) for one in (DEFAULT, special)]
    written = ["No other rule fits, so the default “Default” applies.", "“Summer” is the first (tag sale)."]
    lines = [OrderLine(rule=one, reason=words) for one, words in zip(frozen, written, strict=True)]
    lines.append(OrderLine(rule=None, reason="No rule fits this line, so no commission is taken."))
    assert [say_reason(line) for line in lines] == [line.reason for line in lines]
    with speaking("de"):
        assert [say_reason(line) for line in lines] == [
            "Keine andere Regel passt, daher gilt die Vorgabe „Default“.",
            "„Summer“ ist die erste passende Regel der Liste.",
            "Keine Regel passt zu dieser Position, daher wird keine Provision berechnet.",
        ]


@pytest.mark.parametrize(
    ("conditions", "english", "german"),
    [
        ({"vendor_ids": some(1), "tags": some("sale")}, "this vendor and tag sale", "dieser Verkäufer und Tag sale"),
        ({"group_ids": some(5)}, "this vendor", "dieser Verkäufer"),
        (
            {"product_gids": some(PRODUCT + "7", PRODUCT + "8")},
            "product Mug",
            "Produkt Mug",
        ),
        ({"category_gids": some(CATEGORY + "hg-11")}, "category hg-11", "Kategorie hg-11"),
        ({"collection_gids": some(COLLECTION + "3")}, "collection New", "Kollektion New"),
        (
            {"price_from": 1000, "price_to": 5000, "price_currency": "USD"},
            "unit price from $10.00 to below $50.00",
            "Stückpreis von 10,00 $ bis unter 50,00 $",
        ),
        ({"price_from": 1000, "price_currency": "USD"}, "unit price from $10.00", "Stückpreis ab 10,00 $"),
        ({"price_to": 5000, "price_currency": "USD"}, "unit price below $50.00", "Stückpreis unter 50,00 $"),
        (
            {"ordered_from": NOON, "ordered_to": NOON + timedelta(days=2)},
            "ordered from Oct 1, 2026 on and ordered before Oct 3, 2026",
            "bestellt ab 01.10.2026 und bestellt vor dem 03.10.2026",
        ),
    ],
)
def test_a_vendor_reads_in_their_own_language_what_the_rule_asked_for(
    conditions: dict[str, Any], english: str, german: str
) -> None:
    labels = {PRODUCT + "7": "Mug", PRODUCT + "8": "Bowl", COLLECTION + "3": "New"}
    special = replace(rule(**conditions), name="Summer", labels=labels)
    kept = json.loads(json.dumps(freeze_rule(special) | {"asked": asked_for(special, PRODUCT + "7")}))
    assert thaw_rule(kept).name == "Summer"
    line = OrderLine(rule=kept, reason="")
    app = Flask("reader")
    for language, words in (("en", english), ("de", german)):
        with app.app_context(), speaking(language):
            g.locale = language
            said = say_reason(line).replace("\xa0", " ")
        assert said.endswith(f"{words}.")
        assert "Summer" in said


def test_what_a_newer_version_wrote_into_a_sale_is_not_guessed_at() -> None:
    """An old worker that left a word out would book another commission; the new one takes the event instead."""
    with pytest.raises(TypeError, match="most_per_year"):
        thaw_rule(freeze_rule(DEFAULT) | {"most_per_year": 100})
