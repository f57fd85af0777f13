"""The rows of an edit: what stays, what goes, what is added, and what is wrong in which cell."""

import pytest

from app.errors import ValidationErrors
from app.models.products import Product, Variant
from app.products import edit_forms, option_rules
from app.products.proposal_rules import same

MUG = Product(title="Mug", options=[{"name": "Size", "values": ["S", "L"]}])


def variant(number: int, value: str) -> Variant:
    return Variant(id=number, option_values=[value], price_minor=1000, currency="USD", sku="", stock=1)


HELD = [variant(1, "S"), variant(2, "L")]


def test_new_rows_are_read_and_empty_ones_passed_over() -> None:
    form = {"new_1_value_0": " XL ", "new_1_price": "12.50", "new_1_sku": "M-XL", "new_1_stock": ""}
    rows, wanted = edit_forms.read_new_rows(form, MUG, HELD)
    assert [row.errors for row in rows] == [{}]
    assert wanted == [{"values": ["XL"], "price": 1250, "sku": "M-XL", "stock": 0}]


@pytest.mark.parametrize(
    ("typed", "column"),
    [
        ({"value_0": "l", "price": "1"}, "values"),
        ({"value_0": "", "price": "1"}, "values"),
        ({"value_0": "XL", "price": ""}, "price"),
        ({"value_0": "XL", "price": "a lot"}, "price"),
        ({"value_0": "XL", "price": "1", "stock": "some"}, "stock"),
        ({"value_0": "XL", "price": "1", "sku": "x" * 65}, "sku"),
    ],
)
def test_what_is_wrong_in_a_new_row_is_told_in_its_column(typed: dict[str, str], column: str) -> None:
    [row], _ = edit_forms.read_new_rows({f"new_0_{name}": text for name, text in typed.items()}, MUG, HELD)
    assert set(row.errors) == {column}


def test_a_new_variant_does_not_take_the_name_that_the_same_form_takes_from_another() -> None:
    shirt = Product(title="Shirt", options=[{"name": "Colour", "values": ["Red"]}, {"name": "Size", "values": ["S"]}])
    held = [Variant(id=1, option_values=["Red", "S"], currency="USD")]
    renamed = {"Colour": {"crimson": "Red"}, "Size": {"s": "S"}}
    typed = {"new_0_value_1": "L", "new_0_price": "3", "new_0_stock": "1"}
    for name, columns in (("red", {"values"}), ("Crimson", set()), ("Blue", set())):
        [row], _ = edit_forms.read_new_rows(typed | {"new_0_value_0": name}, shirt, held, renamed)
        assert set(row.errors) == columns, name


def test_the_same_new_variant_twice_is_told() -> None:
    form = {f"new_{n}_{name}": text for n in (0, 1) for name, text in (("value_0", "XL"), ("price", "1"))}
    rows, _ = edit_forms.read_new_rows(form, MUG, HELD)
    assert [set(row.errors) for row in rows] == [set(), {"values"}]


def test_one_variant_has_to_stay() -> None:
    form = {f"{name}_{n}": "1" for name in ("price", "gone") for n in (1, 2)}
    rows, _ = edit_forms.read_rows(form, HELD)
    with pytest.raises(ValidationErrors):
        edit_forms.join_variants(rows, [])
    assert edit_forms.join_variants(rows, [{"values": ["XL"]}]) == [{"values": ["XL"]}]


def test_options_keep_their_order_and_lose_what_nothing_needs() -> None:
    assert option_rules.used(MUG.options, [["XL"], ["L"]]) == [{"name": "Size", "values": ["L", "XL"]}]


def test_variants_are_the_same_in_whatever_order() -> None:
    assert same([{"values": ["S"]}, {"values": ["L"]}], [{"values": ["L"], "price": 1}, {"values": ["S"]}])
    assert not same([{"values": ["S"]}], [{"values": ["S"]}, {"values": ["L"]}])


def test_an_edit_is_filled_in_again_as_it_was_sent() -> None:
    wanted = {"variants": [{"values": ["S"]}, {"values": ["XL"], "price": 1250, "sku": "x", "stock": 3}]}
    wanted |= {f"{kind} {n}": value for n in (1, 2) for kind, value in (("price", 1000), ("sku", ""))}  # type: ignore[misc]
    assert [row.gone for row in edit_forms.rows_of(HELD, wanted)] == [False, True]
    wanted["variants"].append({"values": ["gone"]})
    new = edit_forms.new_rows_of(MUG, HELD, wanted)
    assert [(row.values, row.price, row.stock) for row in new] == [
        (("XL",), "12.50", "3"),
        (("",), "", ""),
        (("",), "", ""),
    ]
