"""Rows of the inbox to be: written together by three threads, and whoever waits for theirs is told.

Concurrent requests share a commit: a writer takes what is waiting and inserts it in one statement; what comes meanwhile
is the next one's. No timer, so a lonely webhook waits for nobody.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

import psycopg
import structlog
from prometheus_client import Counter

from app import db
from app.arrays import Bodies, register
from app.queue import enqueue

ANSWER_WITHIN_SECONDS: Final = 0.9
_WAITING_AT_MOST: Final = 2000
_WAITING_BYTES_AT_MOST: Final = 128 * 1024 * 1024
_BATCH: Final = 200
_BATCH_BYTES: Final = 8 * 1024 * 1024
_LOOK_EVERY_SECONDS: Final = 0.05
_WRITERS: Final = 3
_WORTH_A_COMMIT: Final = 4
"""So many waiting wake another writer; fewer are cheaper together, once one comes back."""
_RING_EVERY_SECONDS: Final = 0.02
_SILENT: Final = "the database does not answer"

_INSERT: Final = """
    INSERT INTO inbox_events (shop_domain, topic, webhook_id, event_id, api_version, triggered_at, body)
    SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::timestamptz[], %b::bytea[])
    ON CONFLICT (shop_domain, topic, event_id) DO NOTHING
"""
_BY_KEY: Final = attrgetter("shop_domain", "topic", "event_id")
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
DUPLICATES = Counter("stallkeeper_webhooks_deduplicated", "Webhooks that were stored before: one row, one effect")


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

    __slots__ = ("arrival", "done", "failure", "size")

    def __init__(self, arrival: Arrival | None) -> None:
        self.arrival = arrival
        self.size = len(arrival.body) if arrival else 0
        self.failure: Exception | None = None
        self.done = threading.Lock()
        self.done.acquire()

    def settle(self, failure: Exception | None) -> None:
        self.failure = failure
        self.done.release()


class _Later(_Waiting):
    """A request for which no thread waits. Whoever settles it first, writer or watch, answers it."""

    __slots__ = ("answer", "began")

    def __init__(self, arrival: Arrival, answer: Callable[[Refused | None], None]) -> None:
        super().__init__(arrival)
        self.answer = answer
        self.began = time.monotonic()
        self.done.release()

    def settle(self, failure: Exception | None) -> None:
        if self.done.acquire(blocking=False):
            self.arrival = None
            try:
                self.answer(_find_refusal(failure))
            except Exception as error:  # noqa: BLE001 - the others wait for theirs, and for this thread
                _warn("webhook_not_answered", error=str(error))


class Inbox:
    """The writer threads and what waits for them. Started at the first webhook, once per process."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], ring: Callable[[], None]) -> None:
        self._connect = connect
        self._ring = ring
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._unanswered: deque[_Later] = deque()
        self._idle: list[threading.Lock] = []
        self._started = False
        self._watched = False
        self._stuck = False

    def store(self, arrival: Arrival) -> None:
        """Return once the row is committed. Raises Refused(503) when it is not within the second."""
        waiting = _Waiting(arrival)
        self._queue(waiting)
        if not waiting.done.acquire(timeout=ANSWER_WITHIN_SECONDS):
            waiting.arrival = None
            self._give_up()
            raise _not_stored(_SILENT)
        if refused := _find_refusal(waiting.failure):
            raise refused from waiting.failure

    def store_later(self, arrival: Arrival, answer: Callable[[Refused | None], None]) -> None:
        """Return at once; another thread calls `answer`, once: with None when the row is committed, with Refused(503)
        when it is not within the second. Raises Refused(503) when too much is waiting.
        """
        later = _Later(arrival, answer)
        self._queue(later)
        self._unanswered.append(later)
        if not self._watched:
            self._start_watch()

    def _give_up(self) -> None:
        """Let nobody else wait in vain until a writer stirs again: hundreds would, on a few dozen threads.

        The one that stirs finds the empty place that is put behind the others, even if it stirred just now.
        """
        with self._lock:
            self._stuck = True
            self._waiting.append(_Waiting(None))
            self._wake()

    def _start_watch(self) -> None:
        with self._lock:
            if not self._watched:
                threading.Thread(target=self._watch, daemon=True, name="inbox-watch").start()
                self._watched = True

    def _watch(self) -> None:
        """Answer those in time whom no writer does. They are in order of arrival."""
        while True:
            time.sleep(_LOOK_EVERY_SECONDS)
            too_long = time.monotonic() - ANSWER_WITHIN_SECONDS
            while self._unanswered and ((first := self._unanswered[0]).done.locked() or first.began < too_long):
                self._unanswered.popleft()
                if not first.done.locked():
                    self._give_up()
                    first.settle(_not_stored(_SILENT))

    def _queue(self, waiting: _Waiting) -> None:
        with self._lock:
            if not self._started:
                self._start()
            too_much = len(self._waiting) >= _WAITING_AT_MOST or self._bytes + waiting.size > _WAITING_BYTES_AT_MOST
            if self._stuck or too_much:
                raise _not_stored("too much is waiting")
            self._waiting.append(waiting)
            self._bytes += waiting.size
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
                _warn("inbox_write_failed", error=str(error), rows=len(batch))
            self._stuck = False
            for one in batch:
                one.settle(failure)
            if failure is None:
                self._ring()

    def _take(self, bell: threading.Lock) -> list[_Waiting]:
        """What waits, as far as it fits into a statement. When nothing does, the writer is idle: its bell wakes it."""
        batch: list[_Waiting] = []
        room = _BATCH_BYTES
        with self._lock:
            while self._waiting and len(batch) < _BATCH and room > 0:
                batch.append(one := self._waiting.popleft())
                room -= one.size
            self._bytes -= _BATCH_BYTES - room
            if not batch:
                self._idle.append(bell)
            return batch


def _warn(event: str, **values: object) -> None:
    """To the log, where it takes a line: on a full disk it does not, and the threads here must live on."""
    with contextlib.suppress(OSError):
        log.warning(event, **values)


def _close(connection: psycopg.Connection[Any] | None) -> None:
    with contextlib.suppress(psycopg.Error):
        if connection is not None:
            connection.close()


def _find_refusal(failure: Exception | None) -> Refused | None:
    if failure is None or isinstance(failure, Refused):
        return failure
    return _not_stored(type(failure).__name__)


def _not_stored(reason: str) -> Refused:
    return Refused("503 Service Unavailable", f"not stored: {reason}")


def insert(connection: psycopg.Connection[Any], arrivals: Sequence[Arrival]) -> None:
    """Store all rows or none; what is there already stays as it is. Without any: return when the server answers."""
    if not arrivals:
        connection.execute("SELECT 1")
        return
    # Writers that have the same ones in their hands, sent twice, wait for each other in the same sequence.
    *columns, bodies = zip(*sorted(arrivals, key=_BY_KEY), strict=True)
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
