"""Who can be paid, and what may become of a payout. Pure."""

from dataclasses import dataclass
from typing import Final

# action → {state: state it leads to}. Nothing else moves a payout.
MOVES: Final[dict[str, dict[str, str]]] = {
    "approve": {"pending": "approved"},
    "hold": {"pending": "on_hold", "approved": "on_hold"},
    "release": {"on_hold": "pending"},
    "make_file": {"approved": "sending"},
    "mark_sent": {"sending": "sent", "approved": "sent"},
    "settle": {"sent": "settled"},
    "fail": {"sending": "failed", "sent": "failed", "settled": "failed"},
    "cancel": {"pending": "cancelled", "on_hold": "cancelled", "approved": "cancelled"},
}
REASON_NEEDED: Final = frozenset({"hold", "fail"})
GIVES_BACK: Final = frozenset({"failed", "cancelled"})
"""States in which the vendor has the entries again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What decides whether a vendor can be paid now."""

    amount: int
    minimum: int
    is_selling: bool
    has_details: bool
    details_are_held: bool
    """They were changed a short time ago: the vendor may still notice a thief."""


def state_after(action: str, state: str) -> str | None:
    """The state `action` leads to from `state`, or None when the move is not allowed."""
    return MOVES[action].get(state)


def list_actions(state: str) -> list[str]:
    return [action for action, moves in MOVES.items() if state in moves]


def obstacle(candidate: Candidate) -> str | None:
    """Why the vendor is not paid now, in a sentence; None when the payout can be made."""
    checks = (
        (candidate.amount < 0, "Owes money from refunds after a payout. It is taken from the next earnings."),
        (candidate.amount == 0, "Nothing is available."),
        (candidate.amount < candidate.minimum, "Below the smallest payout. It is carried forward."),
        (not candidate.is_selling, "The vendor is not approved at the moment."),
        (not candidate.has_details, "No bank details yet. The vendor enters them in the portal."),
        (candidate.details_are_held, "Bank details were changed less than 72 hours ago."),
    )
    return next((words for stands_in_the_way, words in checks if stands_in_the_way), None)
