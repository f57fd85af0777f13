"""POST /webhooks: verify, store, ring, 200. A WSGI front before Flask, because Shopify waits one second to connect.

Nobody is answered 200 before their row is durable. Concurrent requests share a commit: two writer threads take what
is waiting and insert it in one statement; what comes meanwhile is the next one's. No timer, so a lonely webhook waits
for nobody. When the database is away, or too much is waiting, the answer is 503 within a second and
Shopify comes again. No JSON is parsed here, and no header but the signature is believed: the body alone is signed.
"""

import contextlib
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import psycopg
import structlog
from prometheus_client import Counter, Histogram

from app import db
from app.arrays import Bodies, register
from app.config import get_config
from app.queue import enqueue
from app.shopify.signatures import is_shop_domain, verify_webhook

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH: Final = "/webhooks"
LARGEST_BODY: Final = 5 * 1024 * 1024
ANSWER_WITHIN_SECONDS: Final = 0.9
_WAITING_AT_MOST: Final = 2000
_BATCH: Final = 200
_WRITERS: Final = 2
_WORTH_A_COMMIT: Final = 16
"""So many waiting wake a second writer; fewer are cheaper together, once the first comes back."""
_RING_EVERY_SECONDS: Final = 0.02

_TOPIC: Final = re.compile(r"[a-z0-9_]{1,60}/[a-z0-9_]{1,60}", re.ASCII)
_ID: Final = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)
_VERSION: Final = re.compile(r"[a-z0-9-]{0,20}", re.ASCII)

_INSERT: Final = """
    INSERT INTO inbox_events (shop_domain, topic, webhook_id, event_id, api_version, triggered_at, body)
    SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::timestamptz[], %b::bytea[])
    ON CONFLICT (shop_domain, topic, event_id) DO NOTHING
"""
_CONNECT: Final[dict[str, Any]] = {
    # A server that died without a word, or moved, must be noticed while Shopify still tries: within seconds.
    "connect_timeout": 2,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 2000,
    "options": "-c statement_timeout=4000",
}

log = structlog.get_logger()
RECEIVED = Counter("stallkeeper_webhooks_received", "Webhook requests by HTTP status", ["status"])
DUPLICATES = Counter("stallkeeper_webhooks_deduplicated", "Webhooks that were stored before: one row, one effect")
SECONDS = Histogram("stallkeeper_webhook_intake_seconds", "From the request to its durable row")


class Arrival(NamedTuple):
    """One row of the inbox to be."""

    shop_domain: str
    topic: str
    webhook_id: str
    event_id: str
    api_version: str
    triggered_at: datetime | None
    body: bytes


class Refused(Exception):  # noqa: N818 - it reads as the answer it becomes
    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _Waiting:
    """A request that waits for its row. A bare lock wakes it: a Future costs ten times as much."""

    __slots__ = ("arrival", "done", "failure")

    def __init__(self, arrival: Arrival | None) -> None:
        self.arrival = arrival
        self.failure: Exception | None = None
        self.done = threading.Lock()
        self.done.acquire()


class Inbox:
    """The writer threads and what waits for them. Started at the first webhook, once per process."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], ring: Callable[[], None]) -> None:
        self._connect = connect
        self._ring = ring
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._idle: list[threading.Lock] = []
        self._started = False
        self._stuck = False

    def store(self, arrival: Arrival) -> None:
        """Return once the row is committed. Raises Refused(503) when it is not within the second."""
        waiting = _Waiting(arrival)
        self._queue(waiting)
        if not waiting.done.acquire(timeout=ANSWER_WITHIN_SECONDS):
            # Until a writer stirs again nobody else waits in vain: hundreds would, on a few dozen threads. The one that
            # stirs finds the empty place that is put behind the others, even if it stirred just now.
            waiting.arrival = None
            with self._lock:
                self._stuck = True
                self._waiting.append(_Waiting(None))
                self._wake()
            raise _not_stored("the database does not answer")
        if waiting.failure is not None:
            raise _not_stored(type(waiting.failure).__name__) from waiting.failure

    def _queue(self, waiting: _Waiting) -> None:
        with self._lock:
            if not self._started:
                self._start()
            if self._stuck or len(self._waiting) >= _WAITING_AT_MOST:
                raise _not_stored("too much is waiting")
            self._waiting.append(waiting)
            if len(self._idle) == _WRITERS or len(self._waiting) >= _WORTH_A_COMMIT:
                self._wake()

    def _wake(self) -> None:
        if self._idle:
            self._idle.pop().release()

    def _start(self) -> None:
        for number in range(_WRITERS):
            bell = threading.Lock()
            bell.acquire()
            threading.Thread(target=self._write, args=(bell,), daemon=True, name=f"inbox-{number}").start()
        self._started = True

    def _write(self, bell: threading.Lock) -> None:
        connection: psycopg.Connection[Any] | None = None
        while True:
            while not (batch := self._take(bell)):
                bell.acquire()
            failure: Exception | None = None
            try:
                connection = connection or self._connect()
                insert(connection, [arrival for one in batch if (arrival := one.arrival)])
            except Exception as error:  # noqa: BLE001 - whatever it is, the senders must be told and the thread live on
                failure = error
                _close(connection)
                connection = None
                log.warning("inbox_write_failed", error=str(error), rows=len(batch))
            self._stuck = False
            for one in batch:
                one.failure = failure
                one.done.release()
            if failure is None:
                self._ring()

    def _take(self, bell: threading.Lock) -> list[_Waiting]:
        """What waits, as far as it fits into a statement. When nothing does, the writer is idle: its bell wakes it."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _BATCH))]
            if not batch:
                self._idle.append(bell)
            return batch


def _close(connection: psycopg.Connection[Any] | None) -> None:
    with contextlib.suppress(psycopg.Error):
        if connection is not None:
            connection.close()


def _not_stored(reason: str) -> Refused:
    return Refused("503 Service Unavailable", f"not stored: {reason}")


def insert(connection: psycopg.Connection[Any], arrivals: Sequence[Arrival]) -> None:
    """Store all rows or none; what is there already stays as it is."""
    if not arrivals:
        return
    *columns, bodies = zip(*arrivals, strict=True)
    # Autocommit: one statement and one round trip.
    stored = connection.execute(_INSERT, [*map(list, columns), Bodies(bodies)]).rowcount
    DUPLICATES.inc(len(arrivals) - stored)


def connect() -> psycopg.Connection[Any]:
    """A connection of its own for a writer: as the system role, which alone may write rows of any shop."""
    url = db.get_engine().url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(url, autocommit=True, **_CONNECT)
    register(connection.adapters)
    connection.execute("SET ROLE stallkeeper_system")
    return connection


class Ring:
    """Rings for the drain, at most once per 20 ms and from a thread of its own: no webhook waits for Redis.

    What is stored just after a ring is rung for again: the drain may have looked already.
    """

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        self._wanted.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, daemon=True, name="inbox-ring")
                    self._thread.start()

    def _run(self) -> None:
        while self._wanted.wait():
            self._wanted.clear()
            try:
                enqueue("jobs.events.drain", queue="events")
            except Exception as error:  # noqa: BLE001 - the sweep rings as well; this thread must live on
                log.warning("doorbell_failed", error=str(error))
            time.sleep(_RING_EVERY_SECONDS)


class WebhookIntake:
    """Answers POST /webhooks and passes everything else on."""

    def __init__(self, app: "WSGIApplication", inbox: Inbox | None = None) -> None:
        self._app = app
        self._inbox = inbox or Inbox(connect, Ring())

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH:
            return self._app(environ, start_response)
        # Threads are reused: what the last request bound would stand in our lines.
        structlog.contextvars.clear_contextvars()
        status, reason = "200 OK", ""
        began = time.perf_counter()
        try:
            self._inbox.store(read_arrival(environ))
        except Refused as refused:
            status, reason = refused.status, str(refused)
            log.info("webhook_refused", status=status, reason=reason, topic=environ.get("HTTP_X_SHOPIFY_TOPIC"))
        SECONDS.observe(time.perf_counter() - began)
        _count_of(status[:3]).inc()
        body = reason.encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        if status.startswith("405"):
            headers.append(("Allow", "POST"))
        start_response(status, headers)
        return [body]


def read_arrival(environ: Mapping[str, Any]) -> Arrival:
    """Check a request and turn it into a row. Raises Refused with the status to answer."""
    if environ.get("REQUEST_METHOD") != "POST":
        raise Refused("405 Method Not Allowed", "POST only")
    raw = _read_body(environ)
    config = get_config()
    secrets = [config.shopify_api_secret, config.shopify_api_secret_previous]
    signature = _header(environ, "Hmac-Sha256")
    if not signature:
        raise Refused("401 Unauthorized", "no signature")
    if not verify_webhook(raw, signature, [secret for secret in secrets if secret]):
        raise Refused("401 Unauthorized", "wrong signature")
    shop, topic, webhook_id = (_header(environ, name) for name in ("Shop-Domain", "Topic", "Webhook-Id"))
    event_id, version = _header(environ, "Event-Id") or webhook_id, _header(environ, "Api-Version")
    fits = is_shop_domain(shop) and _TOPIC.fullmatch(topic) and _ID.fullmatch(webhook_id) and _ID.fullmatch(event_id)
    if not fits or not _VERSION.fullmatch(version):
        raise Refused("400 Bad Request", "a header is missing or malformed")
    triggered_at = _read_time(_header(environ, "Triggered-At"))
    return Arrival(shop, topic, webhook_id, event_id, version, triggered_at, raw)


@cache
def _count_of(status: str) -> Counter:
    return RECEIVED.labels(status)


@cache
def _keys(name: str) -> tuple[str, str]:
    """Shopify writes X-Shopify-…, and Shopify-… for its newer event deliveries."""
    key = name.upper().replace("-", "_")
    return f"HTTP_X_SHOPIFY_{key}", f"HTTP_SHOPIFY_{key}"


def _header(environ: Mapping[str, Any], name: str) -> str:
    older, newer = _keys(name)
    return str(environ.get(older) or environ.get(newer) or "")


def _read_body(environ: Mapping[str, Any]) -> bytes:
    """At most LARGEST_BODY bytes, whatever the Content-Length claims."""
    length = _find_length(environ)
    if length is not None and length > LARGEST_BODY:
        raise _too_large()
    raw = environ["wsgi.input"].read(LARGEST_BODY + 1 if length is None else length)
    if len(raw) > LARGEST_BODY:
        raise _too_large()
    if length is not None and len(raw) != length:
        raise Refused("400 Bad Request", "the body ended early")
    return bytes(raw)


def _too_large() -> Refused:
    return Refused("413 Content Too Large", "more than 5 MB")


def _find_length(environ: Mapping[str, Any]) -> int | None:
    """None when the body comes in chunks, as some tunnels send it, and the server knows where it ends."""
    text = environ.get("CONTENT_LENGTH") or ""
    if not text and environ.get("wsgi.input_terminated"):
        return None
    try:
        return max(0, int(text or 0))
    except ValueError:
        raise Refused("400 Bad Request", "Content-Length is no number") from None


def _read_time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
