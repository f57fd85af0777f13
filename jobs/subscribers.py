"""Who hears of which domain event: names in the outbox, and the functions behind them.

A function gets the open transaction that will also carry its done-mark, so its effect happens once. It may be tried
again: it must not assume that it runs first, or soon.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from app import events
from app.models.events import DomainEvent

Subscriber = Callable[[Session, DomainEvent], None]

SUBSCRIBERS: Final[dict[str, list[tuple[str, Subscriber]]]] = {}
"""Kind → (name, function). Names are stored with each event: do not rename them, add new ones."""

FUNCTIONS: Final[dict[str, Subscriber]] = {
    name: function for subscribers in SUBSCRIBERS.values() for name, function in subscribers
}


def register() -> None:
    """Tell the outbox who listens. Every process that publishes does this when it starts."""
    for kind, subscribers in SUBSCRIBERS.items():
        events.subscribe(kind, *(name for name, _ in subscribers))
