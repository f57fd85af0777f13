from app.products import forms
from app.products.rules import Option
from app.products.service import VariantContent

SIZES = [Option("Size", ("S", "L"))]


def test_a_new_variant_takes_the_price_of_the_first() -> None:
    typed = {"variant_0_key": '["S"]', "variant_0_price": "12.50", "variant_0_sku": "MUG-S", "variant_0_stock": "3"}
    rows = forms.read_rows(typed, SIZES)
    assert [(row.values, row.price, row.sku, row.stock) for row in rows] == [
        (("S",), "12.50", "MUG-S", "3"),
        (("L",), "12.50", "", ""),
    ]


def test_a_second_option_keeps_what_was_typed_for_the_first() -> None:
    typed = {
        "variant_0_key": '["S"]',
        "variant_0_price": "10",
        "variant_1_key": '["L"]',
        "variant_1_price": "20",
    }
    rows = forms.read_rows(typed, [*SIZES, Option("Colour", ("Blue",))])
    assert [(row.values, row.price) for row in rows] == [(("S", "Blue"), "10"), (("L", "Blue"), "20")]


def test_a_grid_that_was_tampered_with_makes_only_the_options_variants() -> None:
    typed = {"variant_0_key": "{}", "variant_0_price": "1", "variant_1_key": "no json", "variant_2_key": '["XXL"]'}
    assert [row.values for row in forms.read_rows(typed, SIZES)] == [("S",), ("L",)]


def test_bad_cells_are_told_apart() -> None:
    rows = [
        forms.VariantRow(("S",), "12.505", "x" * 65, "-1"),
        forms.VariantRow(("L",), "twelve", "", "1.5"),
        forms.VariantRow(("XL",), "", "", ""),
    ]
    checked, contents = forms.check_rows(rows, "USD")
    assert [sorted(row.errors) for row in checked] == [["price", "sku", "stock"], ["price", "stock"], []]
    assert contents[2] == VariantContent(("XL",), 0, "", 0)


def test_yen_have_no_decimals() -> None:
    checked, contents = forms.check_rows([forms.VariantRow(("S",), "1200", "", "1")], "JPY")
    assert checked[0].errors == {}
    assert contents[0].price_minor == 1200
    assert "price" in forms.check_rows([forms.VariantRow(("S",), "12.50", "", "1")], "JPY")[0][0].errors
