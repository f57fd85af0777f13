"""Options of a product on sale get other names and another order: what fits, what is taken, where variants go."""

import pytest

from app.errors import ValidationErrors
from app.models.products import Product, Variant
from app.products import option_forms, option_rules, option_sync, parts
from app.products.proposal_rules import differences, drifted, same

LIVE = [{"name": "Size", "values": ["S", "L"]}, {"name": "Glaze", "values": ["Red", "Blue"]}]
WANTED = [
    {"name": "Glaze", "was": "Glaze", "values": ["Blue", "Rust"], "were": ["Blue", "Red"]},
    {"name": "Format", "was": "Size", "values": ["S", "Large"], "were": ["S", "L"]},
]
FORM = {
    "option_0_was": "Size",
    "option_0_name": " Format ",
    "place_option_0": "2",
    "value_0_0_was": "S",
    "value_0_0_name": "S",
    "place_value_0_0": "1",
    "value_0_1_was": "L",
    "value_0_1_name": "Large",
    "place_value_0_1": "2",
    "option_1_was": "Glaze",
    "option_1_name": "Glaze",
    "place_option_1": "1",
    "value_1_0_was": "Red",
    "value_1_0_name": "Rust",
    "place_value_1_0": "2",
    "value_1_1_was": "Blue",
    "value_1_1_name": "Blue",
    "place_value_1_1": "1",
}


def test_a_variant_gets_its_values_in_the_new_names_and_order() -> None:
    assert option_rules.translate(["L", "Red"], LIVE, WANTED) == ["Rust", "Large"]
    assert option_rules.translate(["S", "Blue"], LIVE, WANTED) == ["Blue", "S"]
    assert option_rules.rank(["Rust", "S"], WANTED) == [1, 0]


def test_an_edit_fits_whatever_the_order_and_not_another_name() -> None:
    assert option_rules.fits(LIVE[::-1], WANTED)
    assert not option_rules.fits([{**LIVE[0], "values": ["S", "XL"]}, LIVE[1]], WANTED)
    assert not option_rules.fits(LIVE[:1], WANTED)
    done = [{"name": "Glaze", "values": ["Blue", "Rust"]}, {"name": "Format", "values": ["S", "Large"]}]
    assert (option_rules.fits(done, WANTED), option_rules.is_possible(done, WANTED)) == (False, True)


def test_an_edit_that_keeps_everything_is_no_change() -> None:
    assert differences({"options": LIVE}, {"options": option_rules.as_wanted(LIVE)}) == {}
    assert differences({"options": LIVE}, {"options": WANTED}) == {"options": [LIVE, WANTED]}
    assert not same(LIVE, LIVE[::-1])


def test_what_shopify_has_already_is_no_drift() -> None:
    done = [{"name": "Glaze", "values": ["Blue", "Rust"]}, {"name": "Format", "values": ["S", "Large"]}]
    assert drifted({"options": [LIVE, WANTED]}, {"options": done}) == {}
    assert drifted({"options": [LIVE, WANTED]}, {"options": LIVE[:1]}) == {"options": LIVE[:1]}


@pytest.mark.parametrize(
    ("was", "names", "taken"),
    [
        (["S", "L"], ["small", "Large"], []),
        (["small", "L"], ["Small", "L"], []),
        (["S", "L"], ["L", "S"], [0, 1]),
        (["S", "L"], ["l", "Large"], [0]),
        (["S", "L"], ["Big", "big"], [0, 1]),
    ],
)
def test_a_name_is_free_when_nothing_else_has_it_now_or_then(
    was: list[str], names: list[str], taken: list[int]
) -> None:
    assert option_rules.find_taken(was, names) == taken


def test_the_form_is_read_as_it_was_typed_and_filled_in_again() -> None:
    rows = option_forms.read_rows(FORM)
    assert not any(row.has_errors for row in rows)
    assert option_forms.join(rows, LIVE) == WANTED
    again = option_forms.rows_of(LIVE, WANTED)
    assert [(row.head.name, row.head.place, [(value.name, value.place) for value in row.values]) for row in again] == [
        ("Format", "2", [("S", "1"), ("Large", "2")]),
        ("Glaze", "1", [("Rust", "2"), ("Blue", "1")]),
    ]
    assert option_forms.read_rows({}) == []


def test_mistakes_are_told_at_their_name_and_an_old_form_is_refused() -> None:
    [size, glaze] = option_forms.read_rows(
        FORM | {"option_0_name": "", "value_1_0_name": "blue", "value_0_0_name": "x" * 256}
    )
    assert (bool(size.head.error), [bool(row.error) for row in size.values]) == (True, [True, False])
    assert [bool(row.error) for row in glaze.values] == [True, False]
    with pytest.raises(ValidationErrors):
        option_forms.join(option_forms.read_rows(FORM), [LIVE[0], {"name": "Glaze", "values": ["Red"]}])


def test_rows_keep_their_variants_when_options_are_renamed_and_moved() -> None:
    product = Product(title="Mug", options=LIVE)
    combined = [["S", "Red"], ["S", "Blue"], ["L", "Red"], ["L", "Blue"]]
    rows = [Variant(id=n, option_values=values, position=n) for n, values in enumerate(combined, start=1)]
    parts.write_options(product, rows, WANTED)
    assert [(row.id, row.option_values, row.position) for row in rows] == [
        (1, ["Rust", "S"], 3),
        (2, ["Blue", "S"], 1),
        (3, ["Rust", "Large"], 4),
        (4, ["Blue", "Large"], 2),
    ]
    assert product.options == [
        {"name": "Glaze", "values": ["Blue", "Rust"]},
        {"name": "Format", "values": ["S", "Large"]},
    ]
    parts.write_options(product, rows, WANTED)
    assert rows[0].option_values == ["Rust", "S"], "an edit that fits no more changes nothing"


def test_values_that_no_variant_has_are_not_on_sale() -> None:
    assert option_rules.on_sale([{"name": "Size", "values": ["S", "M", "L"]}], [["L"], ["S"]]) == [
        {"name": "Size", "values": ["S", "L"]}
    ]
    plain = {"name": "Title", "optionValues": [{"name": "Default Title", "hasVariants": True}]}
    assert option_sync.read_options({"options": [plain]}) == []
