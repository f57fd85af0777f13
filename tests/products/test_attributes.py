"""What a category asks: what a form may say, and which entries of the shop stand for it."""

import json

import pytest

from app.products import attributes
from app.products.attribute_sync import entries_of
from app.products.proposal_rules import same

VALUE = "gid://shopify/TaxonomyValue/"
CERAMIC, GLASS = {"gid": f"{VALUE}643", "name": "Ceramic"}, {"gid": f"{VALUE}640", "name": "Glass"}
BLUE, DOTS = {"gid": f"{VALUE}2", "name": "Blue"}, {"gid": f"{VALUE}2870", "name": "Dots"}
MATERIAL = {"gid": "gid://shopify/TaxonomyAttribute/4", "name": "Material", "chosen": [CERAMIC, GLASS]}


def answer(name: str, *chosen: dict[str, str]) -> attributes.Answer:
    return {"gid": f"gid://shopify/TaxonomyAttribute/{name}", "name": name, "chosen": list(chosen)}


def test_what_a_form_carries_comes_back_as_it_was() -> None:
    assert attributes.read(attributes.write([MATERIAL])) == [MATERIAL]


def test_a_name_that_shopify_never_said_is_left_out() -> None:
    rows = json.loads(attributes.write([MATERIAL]))
    rows[0]["value"] = "Solid gold"
    assert attributes.read(json.dumps(rows)) == [{**MATERIAL, "chosen": [GLASS]}]


HALF = r'[{"of": "\ud800", "name": "", "gid": "", "value": "", "seal": "\ud800"}]'
NONSENSE = ["", "{}", "[1]", '[{"of": 1}]', "[" * 5000, '[{"of": "a", "name": "b"}]', "nonsense", HALF]


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_is_no_answer(text: str) -> None:
    assert attributes.read(text) == []


def test_answers_are_described_in_one_line() -> None:
    assert attributes.describe([MATERIAL, answer("Color", BLUE)]) == "Material: Ceramic, Glass; Color: Blue"


def test_the_order_of_values_is_no_difference() -> None:
    assert same([MATERIAL], [{**MATERIAL, "chosen": [GLASS, CERAMIC]}])
    assert not same([MATERIAL], [{**MATERIAL, "chosen": [GLASS]}])
    assert not same([MATERIAL], [])


def test_each_value_is_an_entry_known_again_by_its_place_in_the_taxonomy() -> None:
    [ceramic, glass] = entries_of([MATERIAL])
    assert (ceramic.label, ceramic.handle) == ("Ceramic", "value-643")
    assert glass.fields == {"taxonomy_reference": GLASS["gid"]}


def test_a_colour_and_a_pattern_are_one_entry() -> None:
    [entry] = entries_of([answer("Color", BLUE), answer("Pattern", DOTS)])
    assert entry.label == "Blue dots"
    assert entry.fields["color_taxonomy_reference"] == json.dumps([BLUE["gid"]])
    assert entry.fields["pattern_taxonomy_reference"] == DOTS["gid"]


def test_a_colour_alone_is_solid_and_a_pattern_alone_of_many_colours() -> None:
    [solid] = entries_of([answer("Color", BLUE)])
    assert (solid.label, solid.handle) == ("Blue", "value-2-2874")
    assert [each.label for each in entries_of([answer("Pattern", DOTS)])] == ["Multicolor dots"]
