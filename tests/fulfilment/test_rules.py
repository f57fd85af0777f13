"""What may go into a parcel, and where Shopify takes it from."""

from typing import Any

import pytest

from app.fulfilment.rules import Remaining, check_quantities, list_held, take_units


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


def test_what_is_held_or_put_off_is_listed_by_line_with_its_reason() -> None:
    def part(status: str, reason: str | None, *items: tuple[int, int], at: str = "2026-12-01T00:00:00Z") -> Any:
        lines = [
            {"remainingQuantity": units, "lineItem": {"id": f"gid://shopify/LineItem/{line}"}} for line, units in items
        ]
        holds = [{"reason": reason}] if reason else []
        return {"status": status, "fulfillAt": at, "fulfillmentHolds": holds, "lineItems": {"nodes": lines}}

    found = list_held(
        [
            part("OPEN", None, (7, 3)),
            part("ON_HOLD", "OTHER", (8, 1), (7, 0)),
            part("ON_HOLD", "OTHER", (8, 2)),
            part("SCHEDULED", None, (7, 1)),
            part("CLOSED", None, (7, 9)),
        ]
    )
    assert found == [
        {"line": 7, "units": 1, "reason": "scheduled", "until": "2026-12-01T00:00:00Z"},
        {"line": 8, "units": 3, "reason": "other", "until": None},
    ]
