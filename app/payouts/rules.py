"""Who can be paid, what may become of a payout, and when a rail is asked again. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# action → {state: state it leads to}. Nothing else moves a payout.
MOVES: Final[dict[str, dict[str, str]]] = {
    "approve": {"pending": "approved"},
    "hold": {"pending": "on_hold", "approved": "on_hold"},
    "release": {"on_hold": "pending"},
    "make_file": {"approved": "sending"},
    "send": {"approved": "sending"},
    "stop": {"sending": "approved"},
    "refuse": {"sending": "on_hold"},
    "give_up": {"sending": "on_hold"},
    "mark_sent": {"sending": "sent"},
    "pay_by_hand": {"pending": "sent", "approved": "sent", "on_hold": "sent"},
    "undo": {"sent": "approved"},
    "settle": {"sent": "settled"},
    "fail": {"sending": "failed", "sent": "failed", "settled": "failed"},
    "cancel": {"pending": "cancelled", "on_hold": "cancelled", "approved": "cancelled"},
}
REASON_NEEDED: Final = frozenset({"hold", "fail", "undo"})
BY_RAIL: Final = frozenset({"refuse", "give_up"})
"""Only a rail knows that (or can no longer know it); no person presses it."""
OF_BATCH: Final = frozenset({"stop"})
"""Done to a whole batch only: which payouts it still reaches nobody can promise."""
GIVES_BACK: Final = frozenset({"failed", "cancelled"})
"""States in which the vendor has the entries again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What decides whether a vendor can be paid now."""

    amount: int
    minimum: int
    status: str
    """Of the vendor: "approved", "closed" and so on."""
    has_details: bool
    rail_is_open: bool
    """The merchant still pays by what the vendor chose."""
    details_are_held: bool
    """They are new: the vendor may still notice a thief."""


def state_after(action: str, state: str) -> str | None:
    """The state `action` leads to from `state`, or None when the move is not allowed."""
    return MOVES[action].get(state)


def list_actions(state: str, *, rail: str, by_hand: bool) -> list[str]:
    """What a person may do with a payout in `state`."""
    return [
        action
        for action, moves in MOVES.items()
        if state in moves and action not in BY_RAIL | OF_BATCH and fits(action, rail, by_hand=by_hand)
    ]


def fits(action: str, rail: str, *, by_hand: bool) -> bool:
    """Whether `action` makes sense on a payout by `rail`: nobody may contradict a rail that can be asked."""
    is_ours = rail == "bank" or by_hand
    if action == "make_file":
        return rail == "bank"
    if action in {"send", "stop"}:
        return rail != "bank"
    if action in {"mark_sent", "settle", "fail"}:
        return is_ours
    return by_hand if action == "undo" else True


def obstacle(candidate: Candidate) -> str | None:
    """Why the vendor is not paid now, in a sentence; None when the payout can be made.

    A vendor who has closed gets what is left, however small: nothing more will come to make it larger.
    """
    is_closed = candidate.status == "closed"
    checks = (
        (candidate.amount < 0, "Owes money from refunds, disputes or adjustments. The next earnings pay it."),
        (candidate.amount == 0, "Nothing is available."),
        (
            candidate.amount < candidate.minimum and not is_closed,
            "Below the smallest payout. It is carried forward.",
        ),
        (candidate.status not in PAYABLE, "The vendor is not approved at the moment."),
        (not candidate.has_details, "No payout details yet. The vendor enters them in the portal."),
        (not candidate.rail_is_open, "The vendor chose a way of being paid that you no longer offer."),
        (candidate.details_are_held, "The payout details are less than 72 hours old."),
    )
    return next((words for stands_in_the_way, words in checks if stands_in_the_way), None)


PAYABLE: Final = frozenset({"approved", "closed"})
"""States of a vendor in which what they earned is paid."""
_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(hours=6)


def pause_after(attempts: int) -> timedelta:
    """How long to wait before a silent rail is asked again: twice as long each time, six hours at most."""
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE)
