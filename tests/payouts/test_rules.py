"""Who can be paid, and how a payout may move."""

from dataclasses import replace

import pytest

from app.models.payouts import PayoutState
from app.payouts.rules import GIVES_BACK, MOVES, Candidate, obstacle, state_after

FINE = Candidate(
    amount=1000, minimum=500, status="approved", has_details=True, rail_is_open=True, details_are_held=False
)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"amount": 500}, None),
        ({"amount": 499}, "Below the smallest payout"),
        ({"amount": 0}, "Nothing is available"),
        ({"amount": -1}, "Owes money"),
        ({"status": "suspended"}, "not approved"),
        ({"status": "closed", "amount": 1}, None),
        ({"rail_is_open": False}, "no longer offer"),
        ({"has_details": False}, "No payout details"),
        ({"details_are_held": True}, "72 hours"),
    ],
)
def test_what_stands_in_the_way_is_said_in_words(changes: dict[str, object], words: str | None) -> None:
    found = obstacle(replace(FINE, **changes))  # type: ignore[arg-type]
    assert found is None if words is None else words in str(found)


def test_every_move_is_between_known_states() -> None:
    states = {state.value for state in PayoutState}
    assert {state for moves in MOVES.values() for pair in moves.items() for state in pair} <= states
    assert states >= GIVES_BACK


def test_nothing_at_the_bank_can_be_cancelled_and_nothing_unapproved_is_sent() -> None:
    assert state_after("cancel", "sending") is None
    assert state_after("cancel", "sent") is None
    assert state_after("make_file", "pending") is None
    assert state_after("mark_sent", "pending") is None
    assert state_after("mark_sent", "on_hold") is None
