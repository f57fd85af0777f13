from hypothesis import given
from hypothesis import strategies as st

from app.models.products import ProductStatus
from app.products import rules
from app.products.rules import Option


def test_options_make_every_combination_in_order() -> None:
    options = [Option("Size", ("S", "L")), Option("Colour", ("Blue", "Red"))]
    assert rules.combinations(options) == [("S", "Blue"), ("S", "Red"), ("L", "Blue"), ("L", "Red")]
    assert rules.combinations([]) == [("Default Title",)]


def test_values_are_split_trimmed_and_named_once() -> None:
    assert rules.split_values(" Small,  Large ; small\nX  Large,,") == ("Small", "Large", "X Large")


def test_options_without_name_or_values_are_pointed_at() -> None:
    assert list(rules.check_options([Option("", ("S",))])) == ["option_1_name"]
    assert list(rules.check_options([Option("Size", ())])) == ["option_1_values"]
    assert list(rules.check_options([Option("Size", ("S",)), Option("size", ("L",))])) == ["option_2_name"]


def test_too_many_variants_are_refused_before_they_are_made() -> None:
    many = tuple(str(n) for n in range(30))
    assert list(rules.check_options([Option("A", many), Option("B", many), Option("C", many)])) == ["options"]


def test_every_state_is_one_that_the_database_knows() -> None:
    known = {str(status) for status in ProductStatus}
    for moves in rules.MOVES.values():
        assert set(moves) | set(moves.values()) <= known


def test_nothing_goes_on_sale_without_a_review() -> None:
    assert rules.MOVES["publish"] == {"in_review": "published"}
    assert "published" not in {
        after for name, moves in rules.MOVES.items() if name != "publish" for after in moves.values()
    }


def test_what_is_missing_is_named_all_at_once() -> None:
    assert set(rules.missing_for_submit("", "", [0], [])) == {"title", "description", "variants", "pictures"}
    assert rules.missing_for_submit("Mug", "A mug.", [1200], [True]) == {}
    assert set(rules.missing_for_submit("Mug", "A mug.", [1200], [True, False])) == {"pictures"}


@given(st.text(max_size=200))
def test_file_names_are_plain_whatever_people_call_their_pictures(name: str) -> None:
    safe = rules.safe_filename(name, "jpg")
    assert safe.endswith(".jpg")
    assert set(safe) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert len(safe) <= 64
