import pytest

from app.models.vendors import VendorStatus
from app.vendors import rules


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada's Ceramics", "adas  ceramics"),
        ("Ada\u2019s Ceramics", "Ada's Ceramics"),
        ("The Café Müller, Ltd.", "cafe muller"),
        ("Bäckerei Groß GmbH", "backerei gross"),
        ("BEA'S BAKERY LLC", "Bea\u2019s Bakery"),
    ],
)
def test_names_that_look_the_same_are_the_same(one: str, other: str) -> None:
    assert rules.normalise_name(one) == rules.normalise_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Ada", "Adam"), ("Bread Co", "Bread and Butter"), ("The Kiln", "The Kilns")]
)
def test_names_that_differ_stay_apart(one: str, other: str) -> None:
    assert rules.normalise_name(one) != rules.normalise_name(other)


def test_the_search_for_look_alikes_begins_with_the_letters_they_share() -> None:
    assert rules.search_prefix("Bea\u2019s Bakery") == rules.search_prefix("The Bea's bakery") == "Bea"
    assert rules.search_prefix("The") == "The"


def test_a_name_that_is_only_a_legal_form_keeps_it() -> None:
    assert rules.normalise_name("Ltd") == "ltd"


def test_handles_are_readable_and_never_taken() -> None:
    assert rules.handle_for("Ada's Ceramics") == "adas-ceramics"
    assert rules.handle_for("Ada's Ceramics", {"adas-ceramics", "adas-ceramics-2"}) == "adas-ceramics-3"
    assert rules.handle_for("Großmutters Töpferei & Co.") == "grossmutters-topferei-co"
    assert rules.handle_for("陶器") == "vendor"


def test_every_state_is_one_that_the_database_knows() -> None:
    known = {str(status) for status in VendorStatus}
    for moves in rules.MOVES.values():
        assert set(moves) | set(moves.values()) <= known


def test_a_decision_is_possible_once() -> None:
    assert rules.state_after("approve", "pending") == "approved"
    assert rules.state_after("approve", "approved") is None
    assert rules.state_after("reject", "approved") is None
    assert rules.list_actions("pending") == ["approve", "reject", "close"]
    assert rules.list_actions("closed") == []
