"""What has changed among a customer's items. Runs in the customer's own scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.auth.proxy import Erased
from app.models.storefront import ERASED

_HEAD: Final = text("SELECT revision FROM customer_syncs WHERE shop_id = :shop_id AND customer_id = :customer_id")
_CHANGES: Final = text(
    "SELECT kind, key, clock, value::text AS value FROM customer_items"
    " WHERE shop_id = :shop_id AND customer_id = :customer_id AND revision > :since AND revision <= :revision"
    " ORDER BY revision, kind, key"
)


@dataclass(frozen=True, slots=True)
class News:
    """What a device does not know yet. `restart`: it knows more than we do, so it must send everything again."""

    revision: int
    restart: bool
    items: Sequence[Any]
    """(kind, key, clock, value as JSON or None), deletions included."""


def read_news(session: Session, shop_id: int, customer_id: int, since: int) -> News:
    """Everything that reached us after revision `since`; 0 for everything there is. Raises Erased."""
    whose = {"shop_id": shop_id, "customer_id": customer_id}
    head = session.execute(_HEAD, whose).scalar()
    if head == ERASED:
        raise Erased
    revision = int(head or 0)
    restart = since > revision
    found = session.execute(_CHANGES, {**whose, "since": 0 if restart else since, "revision": revision}).all()
    return News(revision, restart, found)
