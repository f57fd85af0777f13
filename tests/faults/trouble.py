"""Everything that is done to the app while webhooks come in. Each function returns when the trouble itself is over."""

import random
import signal
import time
from collections.abc import Callable

from tests.faults.stage import Stage

Trouble = Callable[[Stage, random.Random], None]
_RUN_OUT = """
    UPDATE inbox_events SET lease_until = clock_timestamp() - interval '1 second'
    WHERE id IN (SELECT id FROM inbox_events WHERE lease_until IS NOT NULL FOR UPDATE SKIP LOCKED)
"""
_TOUCH_VENDORS = "UPDATE vendors SET tagline = %s, profile_synced_at = NULL, updated_at = clock_timestamp()"


def kill_web(stage: Stage, chance: random.Random) -> None:
    del chance
    stage.kill("web")


def kill_web_child(stage: Stage, chance: random.Random) -> None:
    """The process that answers dies alone; the one that started it lives."""
    del chance
    stage.kill_child("web")


def kill_worker(stage: Stage, chance: random.Random) -> None:
    del chance
    stage.kill("worker")


def kill_other_workers(stage: Stage, chance: random.Random) -> None:
    del chance
    stage.kill("catalogue")
    stage.kill("emails")


def kill_cron(stage: Stage, chance: random.Random) -> None:
    del chance
    stage.kill("cron")


def wipe_redis(stage: Stage, chance: random.Random) -> None:
    """Killed, and it kept nothing on disk: every doorbell is lost."""
    stage.bell.kill()
    time.sleep(chance.uniform(0, 1))
    stage.bell.start()


def crash_postgres(stage: Stage, chance: random.Random) -> None:
    """Immediate stop: no goodbye to anybody, recovery from the log at the start."""
    stage.database.stop_at_once()
    time.sleep(chance.uniform(0, 1))
    stage.database.start()


def outlive_the_lease(stage: Stage, chance: random.Random) -> None:
    """A worker is stopped in its tracks, its rows go to another, then it goes on as if nothing had been."""
    time.sleep(chance.uniform(0, 0.3))
    stage.signal("worker", signal.SIGSTOP)
    try:
        let_leases_run_out(stage)
        with stage.another("worker"):
            time.sleep(chance.uniform(3, 5))
            stage.signal("worker", signal.SIGCONT)
            time.sleep(1)
    finally:
        stage.signal("worker", signal.SIGCONT)


def reset_database_connections(stage: Stage, chance: random.Random) -> None:
    for _ in range(3):
        stage.database_proxy.reset()
        time.sleep(chance.uniform(0.1, 0.4))


def cut_database_half_way(stage: Stage, chance: random.Random) -> None:
    """Statements and answers arrive in half; whether a commit got through is not known to who sent it."""
    stage.database_proxy.cut_half_way()
    time.sleep(chance.uniform(0.3, 1))
    stage.database_proxy.calm()


def slow_database(stage: Stage, chance: random.Random) -> None:
    stage.database_proxy.slow(chance.uniform(0.01, 0.05))
    time.sleep(2)
    stage.database_proxy.calm()


def freeze_database(stage: Stage, chance: random.Random) -> None:
    """No answer and no error."""
    stage.database_proxy.freeze()
    time.sleep(chance.uniform(2, 5))
    stage.database_proxy.calm()


def reset_redis_connections(stage: Stage, chance: random.Random) -> None:
    for _ in range(3):
        stage.bell_proxy.reset()
        time.sleep(chance.uniform(0.1, 0.4))


def freeze_redis(stage: Stage, chance: random.Random) -> None:
    stage.bell_proxy.freeze()
    time.sleep(chance.uniform(2, 5))
    stage.bell_proxy.calm()


def trouble_shopify(stage: Stage, chance: random.Random) -> None:
    """Throttled, failing and slow answers while vendors' pages are on their way there, and no mail either."""
    for kind in ("throttle", "error", "delay"):
        stage.trouble_shopify("graphql", kind, chance.randint(1, 3), delay_ms=200)
    stage.trouble_shopify("resend", "error", chance.randint(1, 3))
    stage.database.run(_TOUCH_VENDORS, f"Said {chance.random()}")


def let_leases_run_out(stage: Stage) -> None:
    stage.database.run(_RUN_OUT)


TROUBLES: tuple[Trouble, ...] = (
    trouble_shopify,
    kill_web,
    kill_web_child,
    kill_worker,
    kill_other_workers,
    kill_cron,
    wipe_redis,
    crash_postgres,
    outlive_the_lease,
    reset_database_connections,
    cut_database_half_way,
    slow_database,
    freeze_database,
    reset_redis_connections,
    freeze_redis,
)
