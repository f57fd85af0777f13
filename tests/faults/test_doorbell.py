"""Ringing for stored webhooks: the doorbell may hang or be slow, and no webhook notices."""

import threading
import time
from collections.abc import Iterator

import pytest
from redis import Redis
from sqlalchemy import text

from app import db, queue
from jobs.events import LEASE_SECONDS
from tests.proxy import Proxy
from webhooks.inbox import Arrival, Inbox, Ring, connect


def arrival(number: int) -> Arrival:
    return Arrival("acme.myshopify.com", "orders/create", f"w{number}", f"e{number}", "", None, b"{}")


@pytest.fixture
def silent_redis(database: str, unhurried_intake: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Redis behind a line that takes everything and says nothing."""
    socket = queue.redis_url().removeprefix("unix://")
    proxy = Proxy(lambda: socket)
    redis = Redis(port=proxy.port, socket_timeout=60)
    redis.ping()
    proxy.freeze()
    monkeypatch.setattr(queue, "get_redis", lambda: redis)
    yield
    proxy.close()
    redis.close()


def test_a_redis_that_says_nothing_holds_up_no_webhook(silent_redis: None) -> None:
    inbox = Inbox(connect, Ring())
    for number in range(6):
        inbox.store(arrival(number))
        time.sleep(0.05)  # far enough apart for each to ring
    with db.system() as session:
        assert session.execute(text("SELECT count(*) FROM inbox_events")).scalar_one() == 6


def test_what_is_stored_just_after_a_ring_is_rung_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rung = threading.Semaphore(0)
    monkeypatch.setattr("webhooks.inbox.enqueue", lambda *args, **rest: rung.release())
    ring = Ring()
    ring()
    assert rung.acquire(timeout=60)
    ring()
    assert rung.acquire(timeout=60)


def test_many_webhooks_at_once_ring_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[float] = []
    monkeypatch.setattr("webhooks.inbox.enqueue", lambda *args, **rest: rung.append(time.monotonic()))
    ring = Ring()
    for _ in range(1000):
        ring()
    while not rung:
        time.sleep(0.001)
    assert len(rung) < 100


def test_a_process_stopped_within_a_transaction_loses_its_locks_before_its_lease(database: str) -> None:
    with db.system() as session:
        show = "SELECT extract(epoch FROM current_setting(:name)::interval)"
        limits = ("idle_in_transaction_session_timeout", "lock_timeout")
        seconds = [session.execute(text(show), {"name": name}).scalar_one() for name in limits]
    assert all(0 < limit < LEASE_SECONDS for limit in seconds)
