"""An edit of variants that waits while staff rename, move and remove in Shopify what it is about."""

from typing import Any

from app.products.variant_names import Names, follow

SIZE = [{"name": "Size", "values": ["S", "L"]}]
BOTH = [{"name": "Size", "values": ["S", "L"]}, {"name": "Colour", "values": ["Red", "Blue"]}]


def each(*values: str) -> dict[str, Any]:
    return {"values": list(values)}


def new(*values: str) -> dict[str, Any]:
    return {"values": list(values), "price": 100, "sku": "", "stock": 1}


def test_renamed_variants_are_followed_also_when_they_change_names() -> None:
    change = [[each("S"), each("L")], [each("L"), new("M")]]
    names: Names = {("S",): ["L"], ("L",): ["S"]}
    assert follow(change, names, SIZE, SIZE) == [[each("L"), each("S")], [each("S"), new("M")]]


def test_what_is_gone_is_kept_no_more_and_still_was_there() -> None:
    change = [[each("S"), each("L")], [each("S"), each("L"), new("M")]]
    names: Names = {("S",): None, ("L",): ["L"]}
    assert follow(change, names, SIZE, SIZE) == [[each("S"), each("L")], [each("L"), new("M")]]


def test_a_new_variant_takes_the_names_that_all_others_of_its_values_have_now() -> None:
    change = [[each("S", "Red"), each("L", "Red")], [each("S", "Red"), each("L", "Red"), new("M", "Red")]]
    names: Names = {("S", "Red"): ["S", "Crimson"], ("L", "Red"): ["L", "Crimson"]}
    assert follow(change, names, BOTH, BOTH)[1][2] == new("M", "Crimson")
    names = {("S", "Red"): ["S", "Crimson"], ("L", "Red"): ["L", "Red"]}
    assert follow(change, names, BOTH, BOTH)[1][2] == new("M", "Red")


def test_options_in_another_order_move_a_new_variants_values() -> None:
    change = [[each("S", "Red")], [each("S", "Red"), new("M", "Red")]]
    after = follow(change, {("S", "Red"): ["Red", "S"]}, BOTH, BOTH[::-1])
    assert after == [[each("Red", "S")], [each("Red", "S"), new("Red", "M")]]


def test_options_that_changed_names_with_each_other_move_nothing() -> None:
    change = [[each("S", "Red")], [each("S", "Red"), new("M", "Red")]]
    swapped = [{**BOTH[0], "name": "Colour"}, {**BOTH[1], "name": "Size"}]
    assert follow(change, {("S", "Red"): ["S", "Red"]}, BOTH, swapped) == change


def test_another_number_of_options_leaves_a_new_variant_as_it_was_typed() -> None:
    after = follow([[each("S")], [each("S"), new("M")]], {("S",): ["S", "Red"]}, SIZE, BOTH)
    assert after == [[each("S", "Red")], [each("S", "Red"), new("M")]]


def test_a_variant_that_another_one_was_renamed_to_is_no_new_one() -> None:
    change = [[each("S"), each("L")], [each("S"), each("L"), new("M")]]
    assert follow(change, {("S",): ["M"], ("L",): ["L"]}, SIZE, SIZE)[1] == [each("M"), each("L")]


def test_a_variant_that_staff_added_or_made_anew_stays_beside_what_the_edit_asks() -> None:
    change = [[each("S"), each("L")], [each("S"), new("M")]]
    names: Names = {("S",): None, ("L",): ["L"]}
    after = follow(change, names, SIZE, SIZE, [["S"], ["XL"], ["M"]])
    assert after == [[each("S"), each("L"), each("XL"), each("M")], [new("M"), each("S"), each("XL")]]


def test_an_option_that_is_moved_and_another_one_renamed_are_told_apart() -> None:
    after = [BOTH[1], {"name": "Fit", "values": ["S", "L"]}]
    names: Names = {("S", "Red"): ["Red", "S"], ("L", "Red"): ["Red", "L"]}
    change = [[each("S", "Red"), each("L", "Red")], [each("S", "Red"), each("L", "Red"), new("M", "Red")]]
    assert follow(change, names, BOTH, after)[1][2] == new("Red", "M")
