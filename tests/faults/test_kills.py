"""Workers killed at any moment: nothing is lost, nothing happens twice."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import func, select, text

from app import db
from app.models.events import AuditEntry, InboxEvent, InboxState
from app.models.shops import Shop

EVENTS = 400
KILLS = 6
DRAIN = "from jobs.events import drain; drain()"


def receive(shop: Shop) -> None:
    body = b'{"shop_id": 1, "shop_domain": "acme.myshopify.com", "customer": {"id": 7}}'
    with db.system() as session:
        session.add_all(
            InboxEvent(
                shop_domain=shop.domain,
                topic="customers/data_request",
                webhook_id=f"w{n}",
                event_id=f"e{n}",
                body=body,
            )
            for n in range(EVENTS)
        )


def start_worker(url: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, "DATABASE_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen([sys.executable, "-c", DRAIN], env=env)


def count(shop: Shop) -> tuple[int, int]:
    """Events done, and effects left, at one moment: what a killed worker sent last may still be committed."""
    with db.scoped(shop.id) as session:
        done = select(func.count()).select_from(InboxEvent).where(InboxEvent.state == InboxState.DONE)
        effects = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "privacy.data_request")
        [(handled, left)] = session.execute(select(done.scalar_subquery(), effects.scalar_subquery())).all()
        return handled, left


def let_leases_run_out() -> None:
    with db.system() as session:
        session.execute(text("UPDATE inbox_events SET lease_until = clock_timestamp() - interval '1 second'"))


@pytest.mark.slow
def test_killed_workers_lose_nothing_and_double_nothing(acme: Shop, database: str) -> None:
    receive(acme)
    chance = random.Random(7)
    for _ in range(KILLS):
        workers = [start_worker(database), start_worker(database)]
        before, _ = count(acme)
        while count(acme)[0] == before and any(worker.poll() is None for worker in workers):
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.1))
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        done, effects = count(acme)
        assert done == effects
        let_leases_run_out()
    while (left := EVENTS - count(acme)[0]) > 0:
        assert start_worker(database).wait() == 0
        assert EVENTS - count(acme)[0] < left
    assert count(acme) == (EVENTS, EVENTS)
