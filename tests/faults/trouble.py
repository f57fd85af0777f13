"""Everything that is done to the app while webhooks come in. Each function returns when the trouble itself is over."""

import random
import signal
import time
from collections.abc import Callable

from bench.shim import Shim
from tests.faults.stage import ADA, Stage

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


def kill_links_worker(stage: Stage, chance: random.Random) -> None:
    """Just when somebody waits for a sign-in link."""
    stage.ask_for_link(ADA)
    time.sleep(chance.uniform(0, 0.1))
    stage.kill("links")


def kill_cron(stage: Stage, chance: random.Random) -> None:
    del chance
    stage.kill("cron")


def wipe_redis(stage: Stage, chance: random.Random) -> None:
    """Killed, and it kept nothing on disk: every doorbell is lost."""
    stage.bell.kill()
    stage.deaths.append("redis")
    time.sleep(chance.uniform(0, 1))
    stage.bell.start()


def crash_postgres(stage: Stage, chance: random.Random) -> None:
    """Immediate stop: no goodbye to anybody, recovery from the log at the start."""
    stage.database.stop_at_once()
    stage.deaths.append("postgres")
    time.sleep(chance.uniform(0, 1))
    stage.restart_database()


def fill_disk(stage: Stage, chance: random.Random) -> None:
    """Nothing more fits: statements fail, and PostgreSQL may give up altogether until there is room again."""
    assert stage.disk
    stage.disk.fill()
    time.sleep(chance.uniform(1, 3))
    stage.disk.make_room()
    stage.restart_database()


def slow_disk(stage: Stage, chance: random.Random) -> None:
    """Every fsync takes 2, 20 or 200 ms longer."""
    assert stage.under_database
    stage.under_database.slow_disk(chance.choice((2_000, 20_000, 200_000)))
    time.sleep(2)
    stage.under_database.calm()


def jump_database_clock(stage: Stage, chance: random.Random) -> None:
    """Leases and pauses go by this clock: all of them have run out at once, or none will for a day."""
    assert stage.under_database
    _jump(stage.under_database, chance)


def jump_program_clock(stage: Stage, chance: random.Random) -> None:
    """Tokens, tickets and time stamps go by this clock."""
    assert stage.under_programs
    _jump(stage.under_programs, chance)


def _jump(clock: Shim, chance: random.Random) -> None:
    for direction in (1, -1):
        clock.jump(direction * chance.choice((90, 3_600, 86_400)))
        time.sleep(chance.uniform(0.5, 1))
    clock.calm()


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
    _touch_vendors(stage, chance)


def garble_shopify(stage: Stage, chance: random.Random) -> None:
    """A page instead of JSON; half of the JSON, or an excuse, after the work was done."""
    for kind in ("html", "half", "lost"):
        stage.trouble_shopify("graphql", kind, chance.randint(1, 2))
    _touch_vendors(stage, chance)


def cut_shopify_half_way(stage: Stage, chance: random.Random) -> None:
    """Questions and answers arrive in half; whether something was done there is not known to who asked."""
    _touch_vendors(stage, chance)
    stage.shopify_proxy.cut_half_way()
    time.sleep(chance.uniform(0.3, 1))
    stage.shopify_proxy.calm()


def slow_shopify(stage: Stage, chance: random.Random) -> None:
    """Every chunk dawdles, then the connections break."""
    _touch_vendors(stage, chance)
    stage.shopify_proxy.slow(chance.uniform(0.1, 0.5))
    time.sleep(chance.uniform(1, 2))
    stage.shopify_proxy.calm()
    stage.shopify_proxy.reset()


def _touch_vendors(stage: Stage, chance: random.Random) -> None:
    """Something to tell Shopify."""
    stage.database.run(_TOUCH_VENDORS, f"Said {chance.random()}")


def let_leases_run_out(stage: Stage) -> None:
    stage.database.run(_RUN_OUT)


TROUBLES: tuple[Trouble, ...] = (
    trouble_shopify,
    garble_shopify,
    cut_shopify_half_way,
    slow_shopify,
    kill_web,
    kill_web_child,
    kill_worker,
    kill_other_workers,
    kill_links_worker,
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
NEED_A_DISK: tuple[Trouble, ...] = (fill_disk,)
NEED_A_SHIM: tuple[Trouble, ...] = (slow_disk, jump_database_clock, jump_program_clock)


def playable(stage: Stage) -> tuple[Trouble, ...]:
    """What this machine lets us do."""
    return TROUBLES + NEED_A_DISK * bool(stage.disk) + NEED_A_SHIM * bool(stage.under_database)


def not_playable(stage: Stage) -> list[str]:
    """What cannot be done here, and why."""
    missing = ["a full disk: needs the right to mount"] * (not stage.disk)
    return missing + ["a slow disk and jumping clocks: need a C compiler"] * (not stage.under_database)
