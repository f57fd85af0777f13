"""What people ask for on the events pages, and what is cleaned up there by the clock."""

from datetime import datetime

from app.inbox import retention
from jobs import outbox


def clean_up() -> None:
    retention.clean_up()


def replay_subscriber(shop_id: int, subscriber: str, since: str) -> None:
    """`since` in ISO format, with its offset."""
    outbox.replay(shop_id, subscriber, datetime.fromisoformat(since))
