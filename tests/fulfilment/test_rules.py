"""What may go into a parcel, and where Shopify takes it from."""

import pytest

from app.fulfilment.rules import Remaining, check_quantities, take_units


@pytest.mark.parametrize(
    ("wanted", "words"),
    [({7: 2}, None), ({7: 3}, "fewer items"), ({}, "at least one"), ({7: 0}, "at least one"), ({8: 1}, "fewer items")],
)
def test_a_parcel_holds_what_is_left_to_send(wanted: dict[int, int], words: str | None) -> None:
    found = check_quantities(wanted, {7: 2})
    assert found is None if words is None else words in str(found)


def test_a_negative_number_is_no_number_of_items() -> None:
    assert check_quantities({7: -1, 8: 1}, {7: 2, 8: 1})


def test_units_are_taken_from_the_fulfilment_orders_in_their_sequence() -> None:
    remaining = [Remaining("FO1", "a", 7, 1), Remaining("FO2", "b", 7, 2), Remaining("FO2", "c", 8, 1)]
    assert take_units({7: 2, 8: 1}, remaining) == {"FO1": {"a": 1}, "FO2": {"b": 1, "c": 1}}
    assert take_units({7: 4}, remaining) is None
