"""Who can be paid, and how a payout may move."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.models.payouts import PayoutState
from app.payouts.rules import GIVES_BACK, MOVES, Candidate, list_actions, obstacle, pause_after, state_after

FINE = Candidate(
    amount=1000, minimum=500, status="approved", has_details=True, rail_is_open=True, details_are_held=False
)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"amount": 500}, None),
        ({"amount": 499}, "Below the smallest payout. It is carried forward."),
        ({"amount": 0, "minimum": 0}, "Nothing is available."),
        ({"amount": -1}, "Owes money from refunds, disputes or adjustments. The next earnings pay it."),
        ({"status": "suspended"}, "The vendor is not approved at the moment."),
        ({"status": "closed", "amount": 1}, None),
        ({"rail_is_open": False}, "The vendor chose a way of being paid that you no longer offer."),
        ({"has_details": False}, "No payout details yet. The vendor enters them in the portal."),
        ({"details_are_held": True}, "The payout details are less than 72 hours old."),
    ],
)
def test_what_stands_in_the_way_is_said_in_words(changes: dict[str, object], words: str | None) -> None:
    assert obstacle(replace(FINE, **changes)) == words  # type: ignore[arg-type]


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


def test_a_payout_goes_its_way_step_by_step() -> None:
    way = ("pending", "approve", "make_file", "mark_sent", "settle")
    state: str | None = way[0]
    for action in way[1:]:
        state = state_after(action, str(state))
    assert state == "settled"


@pytest.mark.parametrize(
    ("state", "rail", "by_hand", "actions"),
    [
        ("pending", "bank", False, ["approve", "hold", "pay_by_hand", "cancel"]),
        ("approved", "bank", False, ["hold", "make_file", "pay_by_hand", "cancel"]),
        ("approved", "paypal", False, ["hold", "send", "pay_by_hand", "cancel"]),
        ("sending", "bank", False, ["mark_sent", "fail"]),
        ("sending", "paypal", False, []),
        ("sent", "paypal", False, []),
        ("sent", "paypal", True, ["undo", "settle", "fail"]),
        ("sent", "bank", False, ["settle", "fail"]),
        ("settled", "bank", False, ["fail"]),
        ("on_hold", "bank", False, ["release", "pay_by_hand", "cancel"]),
        ("cancelled", "bank", True, []),
    ],
)
def test_a_person_is_offered_what_makes_sense_and_nothing_else(
    state: str, rail: str, *, by_hand: bool, actions: list[str]
) -> None:
    assert list_actions(state, rail=rail, by_hand=by_hand) == actions


def test_a_silent_rail_is_asked_again_after_pauses_that_double_up_to_six_hours() -> None:
    assert [pause_after(n) for n in (1, 2, 3)] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert [pause_after(n) for n in (10, 11, 500)] == [timedelta(seconds=15360), timedelta(hours=6), timedelta(hours=6)]
