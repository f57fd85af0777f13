"""Working off the inbox. One job claims many rows: a job per webhook would cost Redis more than the work itself.

A claim is a lease by the database's clock with a random token. The token is the fence: a worker that was paused past
its lease finds another token in the row and changes nothing. Effect and mark commit together, once. Each batch is
shared out among the shops that have something waiting, so a shop that sends thousands delays the others by one batch.
"""

import random
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final

import structlog
from prometheus_client import Counter
from sqlalchemy import select, text

from app import clock
from app.db import scoped, system
from app.errors import AppError
from app.models.events import InboxEvent, InboxState
from app.models.shops import Shop, ShopStatus
from app.queue import enqueue
from app.shopify.payloads import PayloadError
from webhooks.resources import name_resource
from webhooks.router import AFTER_UNINSTALL, HANDLERS

BATCH: Final = 50
LEASE_SECONDS: Final = 60
MAX_ATTEMPTS: Final = 10
_RUN_SECONDS: Final = 100.0
_FIRST_PAUSE_SECONDS: Final = 5
_LONGEST_PAUSE_SECONDS: Final = 900

log = structlog.get_logger()
HANDLED = Counter("stallkeeper_webhooks_handled", "Webhooks worked off, by topic and outcome", ["topic", "outcome"])

_DUE: Final = """
    e.state IN ('received', 'failed') AND (e.lease_until IS NULL OR e.lease_until < clock_timestamp())
    AND (e.next_attempt_at IS NULL OR e.next_attempt_at <= clock_timestamp())"""
# Which shops wait is read off the index, one step per shop, however many rows each has.
_CLAIM: Final = text(
    """
    WITH RECURSIVE waiting AS (
        (SELECT shop_domain FROM inbox_events WHERE state IN ('received', 'failed') ORDER BY shop_domain LIMIT 1)
        UNION ALL
        SELECT (SELECT e.shop_domain FROM inbox_events e
                WHERE e.state IN ('received', 'failed') AND e.shop_domain > waiting.shop_domain
                ORDER BY e.shop_domain LIMIT 1)
        FROM waiting WHERE waiting.shop_domain IS NOT NULL),
    turns AS (
        SELECT shop_domain, greatest(1, :batch / count(*) OVER ()) AS share
        FROM waiting WHERE EXISTS (SELECT FROM inbox_events e WHERE e.shop_domain = waiting.shop_domain AND {due})
        ORDER BY random() LIMIT :batch),
    due AS (
        SELECT mine.id, s.id AS shop_id FROM turns LEFT JOIN shops s ON s.domain = turns.shop_domain
        CROSS JOIN LATERAL (
            SELECT e.id FROM inbox_events e
            WHERE e.shop_domain = turns.shop_domain AND {due}
            ORDER BY e.id LIMIT turns.share FOR UPDATE SKIP LOCKED) mine)
    UPDATE inbox_events SET lease_token = :token, lease_until = clock_timestamp() + make_interval(secs => :lease),
           shop_id = due.shop_id
    FROM due WHERE inbox_events.id = due.id
    RETURNING inbox_events.id, inbox_events.shop_id, inbox_events.topic
""".replace("{due}", _DUE)
)
_REFUSE: Final = text("""
    UPDATE inbox_events SET state = 'refused', lease_token = NULL, lease_until = NULL, handled_at = clock_timestamp(),
           error = 'This shop does not use the app.'
    WHERE id = :id AND lease_token = :token
""")
_FAIL: Final = text("""
    UPDATE inbox_events SET state = CASE WHEN :final OR attempts + 1 >= :most THEN 'dead' ELSE 'failed' END,
           attempts = attempts + 1, error = :error, resource = :resource, lease_token = NULL, lease_until = NULL,
           next_attempt_at = clock_timestamp() + make_interval(secs => :spread * least(:longest, :first * 2 ^ attempts))
    WHERE id = :id AND lease_token = :token
    RETURNING state
""")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this worker may work on while its lease lasts."""

    event_id: int
    shop_id: int | None
    topic: str
    token: str


def drain() -> int:
    """Work off everything that is due, oldest first, and return how many rows were worked on."""
    worked, until = 0, time.monotonic() + _RUN_SECONDS
    while batch := claim():
        for claimed in batch:
            work(claimed)
        worked += len(batch)
        if time.monotonic() > until:
            # RQ would cut a longer job short; the next one goes on here.
            enqueue("jobs.events.drain", queue="events")
            break
    return worked


def claim(batch: int = BATCH) -> list[Claimed]:
    """Lease up to `batch` due rows: of each waiting shop its oldest, as many as of every other shop."""
    token = secrets.token_hex(8)
    with system() as session:
        rows = session.execute(_CLAIM, {"token": token, "lease": LEASE_SECONDS, "batch": batch}).all()
    return [Claimed(row[0], row[1], row[2], token) for row in sorted(rows, key=lambda row: row[0])]


def work(claimed: Claimed) -> None:
    """Handle one row: its effect and its mark in one transaction, or its failure with the time of the next attempt."""
    with structlog.contextvars.bound_contextvars(inbox_event=claimed.event_id, topic=claimed.topic):
        if claimed.shop_id is None:
            _refuse(claimed)
            return
        try:
            outcome = _handle(claimed, claimed.shop_id)
        except Exception as error:
            final = isinstance(error, PayloadError)
            log.warning("webhook_failed", error=str(error), final=final, exc_info=not final)
            words = str(error) if isinstance(error, AppError) else f"{type(error).__name__}: {error}"
            outcome = _fail(claimed, words, final=final)
        HANDLED.labels(claimed.topic, outcome).inc()


def _handle(claimed: Claimed, shop_id: int) -> str:
    with scoped(shop_id) as session:
        mine = (
            InboxEvent.id == claimed.event_id,
            InboxEvent.lease_token == claimed.token,
            InboxEvent.state.in_((InboxState.RECEIVED, InboxState.FAILED)),
        )
        event = session.scalars(select(InboxEvent).where(*mine).with_for_update()).one_or_none()
        if event is None:
            return "lost_lease"
        event.resource = name_resource(event.topic, event.body)
        shop = session.get_one(Shop, shop_id)
        welcome = shop.status is ShopStatus.INSTALLED or event.topic in AFTER_UNINSTALL
        handler = HANDLERS.get(event.topic)
        if handler is not None and welcome:
            # Shopify signs storefront queries with the same secret, and visitors choose parts of them. Such a text
            # is sorted: it begins with a letter or, if a visitor made it so, with something before letters. "{"
            # comes after them.
            if not event.body.startswith(b"{"):
                raise PayloadError("This body is no JSON object.")
            handler(session, shop, event.body, event)
            event.state, event.error = InboxState.DONE, None
        else:
            event.state = InboxState.REFUSED
            event.error = "The shop has uninstalled the app." if handler else "Nothing here handles this topic."
        event.attempts += 1
        event.handled_at = clock.now()
        event.lease_token = event.lease_until = None
        return event.state.value


def _refuse(claimed: Claimed) -> None:
    with system() as session:
        session.execute(_REFUSE, {"id": claimed.event_id, "token": claimed.token})
    HANDLED.labels(claimed.topic, "refused").inc()


def _fail(claimed: Claimed, error: str, *, final: bool) -> str:
    values: dict[str, Any] = {
        "id": claimed.event_id,
        "resource": None,
        "token": claimed.token,
        "error": error[:2000],
        "final": final,
        "most": MAX_ATTEMPTS,
        "first": _FIRST_PAUSE_SECONDS,
        "longest": _LONGEST_PAUSE_SECONDS,
        "spread": random.uniform(0.7, 1.3),  # noqa: S311 - spreads retries, hides nothing
    }
    with system() as session:
        if body := session.scalar(select(InboxEvent.body).where(InboxEvent.id == claimed.event_id)):
            values["resource"] = name_resource(claimed.topic, body)
        return str(session.execute(_FAIL, values).scalar_one_or_none() or "lost_lease")
