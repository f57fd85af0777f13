"""Which rule lets what through."""

from dataclasses import replace
from typing import Any

import pytest

from app.products import approval_rules as rules
from app.products.approval_rules import Case, Conditions

NEW = Case(
    is_edit=False,
    vendor_id=1,
    group_ids=frozenset({5}),
    category="Home & Garden > Decor > Vases",
    prices=(1000, 2000),
    currency="USD",
)
EDIT = replace(NEW, is_edit=True, fields=frozenset({"pictures", "price"}), moves=((1000, 1100),))


@pytest.mark.parametrize(
    ("asked", "new", "edit"),
    [
        (Conditions(), True, True),
        (Conditions(kind="new"), True, False),
        (Conditions(kind="edit"), False, True),
        (Conditions(vendor_ids=frozenset({1, 2})), True, True),
        (Conditions(vendor_ids=frozenset({2})), False, False),
        (Conditions(vendor_ids=frozenset({2}), group_ids=frozenset({5})), True, True),
        (Conditions(group_ids=frozenset({6})), False, False),
        (Conditions(category="home & garden > decor"), True, True),
        (Conditions(category="Home & Garden > Dec"), False, False),
        (Conditions(price_from=1000, price_to=2000), True, True),
        (Conditions(price_from=1001), False, False),
        (Conditions(price_to=1999), False, False),
        (Conditions(price_to=2000, price_currency="USD"), True, True),
        (Conditions(price_to=2000, price_currency="JPY"), False, False),
        (Conditions(fields=frozenset({"pictures", "price", "title"})), True, True),
        (Conditions(fields=frozenset({"pictures"})), True, False),
        (Conditions(most_move_bps=1000), True, True),
        (Conditions(most_move_bps=999), True, False),
    ],
)
def test_a_rule_fits_when_all_it_asks_for_holds(asked: Conditions, *, new: bool, edit: bool) -> None:
    assert (rules.fits(asked, NEW), rules.fits(asked, EDIT)) == (new, edit)


def test_what_a_rule_asks_for_survives_being_kept() -> None:
    asked = Conditions("edit", frozenset({2}), frozenset({7}), "Home", 0, 500, "USD", frozenset({"seo"}), 0)
    assert Conditions.read(asked.kept()) == asked
    assert Conditions().kept() == {"kind": "any"}
    assert Conditions.read({}) == Conditions()


def test_the_first_rule_that_fits_and_is_on_is_the_reason() -> None:
    class Kept:
        def __init__(self, *, is_on: bool, **conditions: Any) -> None:
            self.is_on, self.conditions = is_on, conditions

    off, other, first, second = Kept(is_on=False), Kept(is_on=True, kind="edit"), Kept(is_on=True), Kept(is_on=True)
    assert rules.find_rule([off, other, first, second], NEW) is first
    assert rules.find_rule([off, other], NEW) is None


def test_the_fields_of_an_edit_have_kinds() -> None:
    kinds = [rules.field_kind(field) for field in ("price 7", "sku 7", "seo_title", "seo_description", "pictures")]
    assert kinds == ["price", "sku", "seo", "seo", "pictures"]
