"""Working off the inbox. One job claims many rows: a job per webhook would cost Redis more than the work itself.

News of orders are handled by the batch: a shop's rows of those topics in one transaction, by a few statements, beside
those of other shops.
A claim is a lease by the database's clock with a random token. The token is the fence: a worker that was paused past
its lease finds another token in the row and changes nothing. Effect and mark commit together, once. Each batch is
shared out among the shops that have something waiting, so a shop that sends thousands delays the others by one batch.
"""

import random
import secrets
import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from prometheus_client import Counter
from sqlalchemy import select, text

from app import clock, structures
from app.db import Scope, ScopedSession, read_at_once, scoped, system, write_at_commit
from app.errors import AppError
from app.models.events import InboxEvent, InboxState
from app.models.shops import Shop, ShopStatus
from app.queue import enqueue
from app.rows import Row, update_rows
from app.shopify.payloads import PayloadError
from app.typed import storable
from webhooks.handlers.orders import READERS, handle_together
from webhooks.resources import name_resource
from webhooks.router import AFTER_UNINSTALL, HANDLERS

BATCH: Final = 100
LEASE_SECONDS: Final = 60
MAX_ATTEMPTS: Final = 10
MAX_CLAIMS: Final = 5
"""How many workers may die with the same row in their hands."""
AT_ONCE: Final = 4
"""Batches of orders: while PostgreSQL writes some, the next is reckoned, and one more is read or told of."""
LONE_AT_ONCE: Final = 8
"""Orders that came alone, each of another shop: most of their time they wait for answers and for the disk."""
_RUN_SECONDS: Final = 20.0
_FIRST_PAUSE_SECONDS: Final = 5
_LONGEST_PAUSE_SECONDS: Final = 900

log = structlog.get_logger()
HANDLED = Counter("stallkeeper_webhooks_handled", "Webhooks worked off, by topic and outcome", ["topic", "outcome"])

# No lease and no pause is as long as an hour: one that ends later was written before the clock was set back, and would
# keep the row from everybody until then. The token still keeps two workers apart.
_DUE: Final = """
    e.state IN ('received', 'failed')
    AND (e.lease_until IS NULL OR e.lease_until < clock_timestamp()
         OR e.lease_until > clock_timestamp() + interval '1 hour')
    AND (e.next_attempt_at IS NULL OR e.next_attempt_at <= clock_timestamp()
         OR e.next_attempt_at > clock_timestamp() + interval '1 hour')"""
# Which shops wait is read off the index, one step per shop, however many rows each has.
_CLAIM: Final = """
    WITH RECURSIVE waiting AS (
        (SELECT shop_domain FROM inbox_events WHERE state IN ('received', 'failed') ORDER BY shop_domain LIMIT 1)
        UNION ALL
        SELECT (SELECT e.shop_domain FROM inbox_events e
                WHERE e.state IN ('received', 'failed') AND e.shop_domain > waiting.shop_domain
                ORDER BY e.shop_domain LIMIT 1)
        FROM waiting WHERE waiting.shop_domain IS NOT NULL),
    turns AS (
        SELECT shop_domain, greatest(1, %(batch)s / count(*) OVER ()) AS share
        FROM waiting WHERE EXISTS (SELECT FROM inbox_events e WHERE e.shop_domain = waiting.shop_domain AND {due})
        ORDER BY random() LIMIT %(batch)s),
    due AS (
        SELECT mine.id, mine.claims, s.id AS shop_id FROM turns LEFT JOIN shops s ON s.domain = turns.shop_domain
        CROSS JOIN LATERAL (
            SELECT e.id, e.claims FROM inbox_events e
            WHERE e.shop_domain = turns.shop_domain AND {due}
            ORDER BY e.id LIMIT turns.share FOR UPDATE SKIP LOCKED) mine),
    suspect AS (SELECT min(id) AS id FROM due WHERE claims > 0)
    UPDATE inbox_events SET lease_token = %(token)s, lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
           shop_id = due.shop_id, claims = due.claims + 1
    FROM due, suspect WHERE inbox_events.id = due.id AND (suspect.id IS NULL OR suspect.id = due.id)
    RETURNING inbox_events.id, inbox_events.shop_id, inbox_events.topic, inbox_events.claims
""".replace("{due}", _DUE)
_RELEASE: Final = text(
    "UPDATE inbox_events SET lease_until = NULL, claims = greatest(0, claims - 1) WHERE lease_token = ANY(:tokens)"
)
_REFUSE: Final = text("""
    UPDATE inbox_events SET state = 'refused', lease_token = NULL, lease_until = NULL, handled_at = clock_timestamp(),
           claims = 0, error = 'This shop does not use the app.'
    WHERE id = :id AND lease_token = :token
""")
_FAIL: Final = text("""
    UPDATE inbox_events SET state = CASE WHEN :final OR attempts + 1 >= :most THEN 'dead' ELSE 'failed' END,
           attempts = attempts + 1, error = :error, resource = :resource, lease_token = NULL, lease_until = NULL,
           claims = 0,
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
    claims: int = 1


class _Mark(Row, kw_only=True):
    """What is written into a row that was worked off."""

    state: InboxState
    error: str | None
    resource: str | None
    attempts: int
    handled_at: datetime
    lease_until: None = None
    lease_token: None = None
    claims: int = 0


_broken_off: Final[set[str]] = set()
"""Tokens of batches whose drain ended with an exception."""

Outcome = tuple[str, str]
"""A row's topic, and what became of it."""


def drain() -> int:
    """Work off everything that is due, oldest first, and return how many rows were worked on.

    While PostgreSQL writes orders of one shop, the next are reckoned: their sequence does not matter.
    """
    _release()
    tokens: set[str] = set()
    try:
        return _drain(tokens)
    except Exception:
        _broken_off.update(tokens)
        raise


def _drain(tokens: set[str]) -> int:
    """`tokens` receives those of the batches that were claimed."""
    worked, until = 0, time.monotonic() + _RUN_SECONDS
    running: deque[Future[None]] = deque()
    with ThreadPoolExecutor(LONE_AT_ONCE, thread_name_prefix="orders") as pool:
        while batch := claim():
            tokens.add(batch[0].token)
            if batch[0].claims > 1:  # it may kill this process, too: nobody else's work shall die with it
                _finish(running)
            for together in _group(batch):
                if len(batch) == 1 or together[0].topic not in READERS:
                    work(together)
                    continue
                running.append(pool.submit(work, together))
                _finish(running, but=(AT_ONCE if len(together) > 1 else LONE_AT_ONCE) - 1)
            worked += len(batch)
            if time.monotonic() > until:
                # Whatever else waits in the queue has its turn; the next drain goes on here.
                enqueue("jobs.events.drain", queue="events")
                break
        _finish(running)
    return worked


def _finish(running: deque[Future[None]], *, but: int = 0) -> None:
    """Wait for all but so many of the last."""
    while len(running) > but:
        running.popleft().result()


def _release() -> None:
    """Nobody works on what a drain of this process left when the database went away: it need not wait for its lease."""
    if _broken_off:
        with system() as session:
            session.execute(_RELEASE, {"tokens": list(_broken_off)})
        _broken_off.clear()


def claim(batch: int = BATCH) -> list[Claimed]:
    """Lease up to `batch` due rows: of each waiting shop its oldest, as many as of every other shop.

    One alone when the last to claim it may have died of it: whoever dies of it again takes nobody with it.
    """
    token = secrets.token_hex(8)
    rows = read_at_once(Scope(), _CLAIM, token=token, lease=LEASE_SECONDS, batch=batch)
    return [Claimed(row.id, row.shop_id, row.topic, token, row.claims) for row in sorted(rows, key=lambda row: row.id)]


def _group(batch: Iterable[Claimed]) -> Iterable[list[Claimed]]:
    """What is handled in one transaction: a shop's news of orders, and every other row by itself."""
    groups: dict[object, list[Claimed]] = {}
    for claimed in batch:
        alone = claimed.shop_id is None or claimed.topic not in READERS
        groups.setdefault(claimed if alone else claimed.shop_id, []).append(claimed)
    return groups.values()


def work(together: Sequence[Claimed]) -> None:
    """Handle rows that belong together: their effects and their marks in one transaction.

    When that fails, each is handled by itself, so that the one that fails does not hold up the others.
    """
    if len(together) > 1:
        try:
            _count(_handle(together))
        except Exception as error:
            log.warning(
                "batch_taken_apart", shop=together[0].shop_id, rows=len(together), error=str(error), exc_info=True
            )
        else:
            return
    for claimed in together:
        _work_alone(claimed)


def _work_alone(claimed: Claimed) -> None:
    """Handle one row, or write down its failure with the time of the next attempt."""
    with structlog.contextvars.bound_contextvars(inbox_event=claimed.event_id, topic=claimed.topic):
        if claimed.shop_id is None:
            _refuse(claimed)
            return
        if claimed.claims > MAX_CLAIMS:
            log.error("webhook_kills_workers", claims=MAX_CLAIMS)
            words = f"The worker died while handling this {MAX_CLAIMS} times."
            HANDLED.labels(claimed.topic, _fail(claimed, words, final=True)).inc()
            return
        try:
            _count(_handle([claimed]))
        except Exception as error:
            final = isinstance(error, PayloadError)
            log.warning("webhook_failed", error=str(error), final=final, exc_info=not final)
            words = str(error) if isinstance(error, AppError) else f"{type(error).__name__}: {error}"
            HANDLED.labels(claimed.topic, _fail(claimed, words, final=final)).inc()


def _count(outcomes: Iterable[Outcome]) -> None:
    for topic, outcome in outcomes:
        HANDLED.labels(topic, outcome).inc()


def _handle(together: Sequence[Claimed]) -> list[Outcome]:
    """The effects and the marks of a shop's rows, or none of them. A row that another worker has now is left alone."""
    shop_id = together[0].shop_id
    assert shop_id is not None
    with scoped(shop_id) as session:
        mine = (
            InboxEvent.id.in_([claimed.event_id for claimed in together]),
            InboxEvent.lease_token == together[0].token,
            InboxEvent.state.in_((InboxState.RECEIVED, InboxState.FAILED)),
        )
        query = select(InboxEvent, Shop.status).join(Shop, Shop.id == shop_id).where(*mine).order_by(InboxEvent.id)
        found = session.execute(query.with_for_update(of=InboxEvent)).all()
        events = [event for event, _ in found]
        refusals = [_refusal(status, event.topic) for event, status in found]
        marks = [_mark(event, refusal) for event, refusal in zip(events, refusals, strict=True)]
        _call(session, shop_id, [event for event, refusal in zip(events, refusals, strict=True) if refusal is None])
        update_rows(session, "inbox_events", marks)
    lost = {claimed.event_id for claimed in together} - {event.id for event in events}
    outcomes = [(event.topic, mark.state.value) for event, mark in zip(events, marks, strict=True)]
    return outcomes + [(claimed.topic, "lost_lease") for claimed in together if claimed.event_id in lost]


def _refusal(status: ShopStatus, topic: str) -> str | None:
    if topic not in HANDLERS:
        return "Nothing here handles this topic."
    welcome = status is ShopStatus.INSTALLED or topic in AFTER_UNINSTALL
    return None if welcome else "The shop has uninstalled the app."


def _call(session: ScopedSession, shop_id: int, events: Sequence[InboxEvent]) -> None:
    for event in events:
        # Shopify signs storefront queries with the same secret, and visitors choose parts of them. Such a text is
        # sorted: it begins with a letter or, if a visitor made it so, with something before letters. "{" comes after.
        if not event.body.startswith(b"{"):
            raise PayloadError("This body is no JSON object.")
    if events and events[0].topic in READERS:
        write_at_commit(session)
        handle_together(session, shop_id, [(event.body, event) for event in events])
        return
    for event in events:
        HANDLERS[event.topic](session, session.get_one(Shop, shop_id), event.body, event)


def _mark(event: InboxEvent, refusal: str | None) -> _Mark:
    return _Mark(
        id=event.id,
        state=InboxState.REFUSED if refusal else InboxState.DONE,
        error=refusal,
        resource=name_resource(event.topic, event.body),
        attempts=event.attempts + 1,
        handled_at=clock.now(),
    )


def _refuse(claimed: Claimed) -> None:
    with system() as session:
        session.execute(_REFUSE, {"id": claimed.event_id, "token": claimed.token})
    HANDLED.labels(claimed.topic, "refused").inc()


def _fail(claimed: Claimed, error: str, *, final: bool) -> str:
    values: dict[str, Any] = {
        "id": claimed.event_id,
        "resource": None,
        "token": claimed.token,
        "error": storable(error)[:2000],
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


structures.look_at_all()  # the threads of a drain read what nobody may have read yet
