"""The store's own time: the machine's clock plus an offset that can be set, so that weeks pass in a test."""

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """`now()` is aware UTC. Changing the offset moves the whole store; it never changes what is already written."""

    def __init__(self, offset_seconds: float = 0) -> None:
        self._offset = timedelta(seconds=offset_seconds)
        self.changed = threading.Event()

    @property
    def offset_seconds(self) -> float:
        return self._offset.total_seconds()

    def set_offset(self, seconds: float) -> None:
        self._offset = timedelta(seconds=seconds)
        self.changed.set()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset


def iso(moment: datetime) -> str:
    """Shopify's way of writing a time: `2026-11-20T09:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str) -> datetime:
    """An aware UTC time from any ISO 8601 text; a text without an offset is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
