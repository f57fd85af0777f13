"""What has changed among a customer's items. Runs in the customer's own scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_HEAD: Final = text("SELECT revision FROM customer_syncs WHERE shop_id = :shop_id AND customer_id = :customer_id")
_CHANGES: Final = text(
    "SELECT kind, key, clock, value::text AS value FROM customer_items"
    " WHERE shop_id = :shop_id AND customer_id = :customer_id AND revision > :since AND revision < :before"
    " ORDER BY revision, kind, key"
)


@dataclass(frozen=True, slots=True)
class News:
    """What a device does not know yet. `restart`: it knows more than we do, so it must send everything again."""

    revision: int
    restart: bool
    items: Sequence[Row[Any]]
    """(kind, key, clock, value as JSON or None), deletions included."""


def read_news(session: Session, shop_id: int, customer_id: int, since: int) -> News:
    """Everything that reached us after revision `since`; 0 for everything there is."""
    whose = {"shop_id": shop_id, "customer_id": customer_id}
    revision = int(session.execute(_HEAD, whose).scalar() or 0)
    return list_news(session, whose, since, revision, revision + 1)


def list_news(session: Session, whose: dict[str, int], since: int, revision: int, before: int) -> News:
    """Changes after `since` and before `before`, for a device that will then stand at `revision`."""
    restart = since >= before
    found = session.execute(_CHANGES, {**whose, "since": 0 if restart else since, "before": before}).all()
    return News(revision, restart, found)
