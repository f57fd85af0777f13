"""A seeded storm: troubles one after another under traffic, how long each recovery took, and the verdict."""

import argparse
import contextlib
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from bench import servers
from tests.faults.checker import Verdict, judge, left_to_do
from tests.faults.stage import ADA, Stage
from tests.faults.traffic import Storm
from tests.faults.trouble import Trouble, let_leases_run_out, not_playable, playable

_PATIENCE_SECONDS = 60.0
_DONE = "SELECT count(*) FROM inbox_events WHERE state = 'done'"
_HURRY = (
    "UPDATE inbox_events SET next_attempt_at = NULL WHERE state = 'failed'",
    "UPDATE event_deliveries SET next_attempt_at = NULL WHERE done_at IS NULL",
    "UPDATE emails SET next_attempt_at = NULL WHERE status = 'queued' AND kind = 'vendor_magic_link'",
)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from a trouble's beginning: to its end, to the next webhook answered 200, to the next one worked off."""

    trouble: str
    lasted: float
    answering: float
    working: float


@dataclass
class Report:
    seed: int
    recoveries: list[Recovery] = field(default_factory=list)
    unanswered: int = 0
    slowest_answer: float = 0.0
    settled: float = 0.0
    deaths: int = 0
    skipped: list[str] = field(default_factory=list)
    verdict: Verdict = field(default_factory=lambda: Verdict([], {}))


def rage(seed: int, seconds: float, per_second: float, copies: int, say: Callable[[str], object]) -> Report:
    """Play for so long, trouble after trouble, then let everything come to rest and judge."""
    chance, report = random.Random(seed), Report(seed)
    with servers.temporary_folder() as folder:
        stage = Stage(folder)
        try:
            stage.open()
            _add_vendors(stage)
            storm = Storm(seed, stage.ports["web"], per_second, copies)
            storm.begin()
            troubles, report.skipped = playable(stage), not_playable(stage)
            until, waiting = time.monotonic() + seconds, list[Trouble]()
            while time.monotonic() < until:
                waiting = waiting or chance.sample(troubles, len(troubles))
                report.recoveries.append(_suffer(stage, storm, waiting.pop(), chance))
                say(f"{report.recoveries[-1]}\n")
                time.sleep(chance.uniform(0, 0.5))
            _end(stage, storm, report)
        finally:
            stage.close()
    return report


def _add_vendors(stage: Stage) -> None:
    shop_id = int(str(stage.database.ask("SELECT id FROM shops WHERE domain = %s", servers.SHOP)[0][0]))
    servers.add_vendors(stage.database, shop_id)
    stage.database.run(
        "INSERT INTO vendor_users (shop_id, vendor_id, email, name)"
        " SELECT shop_id, id, email, name FROM vendors WHERE email = %s",
        ADA,
    )


def _end(stage: Stage, storm: Storm, report: Report) -> None:
    report.unanswered = storm.finish()
    _come_to_rest(stage, report)
    report.slowest_answer = max(one.ended - one.began for one in storm.answers)
    report.deaths = len(stage.deaths)
    report.verdict = judge(stage, storm)


def _suffer(stage: Stage, storm: Storm, trouble: Trouble, chance: random.Random) -> Recovery:
    began = time.monotonic()
    trouble(stage, chance)
    ended = time.monotonic()
    done_before, worked_at, answered_at = _done(stage), None, None
    while time.monotonic() < ended + _PATIENCE_SECONDS and not (worked_at and answered_at):
        if worked_at is None and (_done(stage) or 0) > (done_before or 0):
            worked_at = time.monotonic()
        answered_at = answered_at or storm.first_success_after(ended)
        time.sleep(0.02)
    never = float("inf")
    return Recovery(
        trouble.__name__.replace("_", " "), ended - began, (answered_at or never) - began, (worked_at or never) - began
    )


def _done(stage: Stage) -> int | None:
    with contextlib.suppress(psycopg.Error):
        return int(str(stage.database.ask(_DONE)[0][0]))
    return None


def _come_to_rest(stage: Stage, report: Report) -> None:
    """Everything that is left gets done. Waiting for leases and pauses to run out by themselves would prove no more."""
    let_leases_run_out(stage)
    for statement in _HURRY:
        stage.database.run(statement)
    stage.kill("cron")
    began = moved = time.monotonic()
    least = left = left_to_do(stage)
    while left and time.monotonic() < moved + _PATIENCE_SECONDS:
        time.sleep(0.2)
        left = left_to_do(stage)
        if left < least:
            least, moved = left, time.monotonic()
    report.settled = time.monotonic() - began


def render(report: Report) -> str:
    """The report as a table for people."""
    lines = [f"{'trouble':<30} {'n':>3} {'lasted':>8} {'200 again':>10} {'at work again':>14}   seconds, worst of n"]
    for name in sorted({one.trouble for one in report.recoveries}):
        mine = [one for one in report.recoveries if one.trouble == name]
        worst = [max(getattr(one, what) for one in mine) for what in ("lasted", "answering", "working")]
        lines.append(f"{name:<30} {len(mine):>3} {worst[0]:>8.2f} {worst[1]:>10.2f} {worst[2]:>14.2f}")
    counted = ", ".join(f"{count} {name}" for name, count in report.verdict.counted.items())
    lines.append(f"\nseed {report.seed}: {counted}; {report.unanswered} never answered 200")
    lines.append(f"slowest answer {report.slowest_answer:.2f} s; {report.deaths} processes killed and started again")
    lines.append(f"at rest {report.settled:.1f} s after the last webhook")
    lines += [f"NOT PLAYED on this machine, {one}" for one in report.skipped]
    lines.append("NOTHING LOST, NOTHING DOUBLED, BOOKS HOLD" if not report.verdict.wrong else "WRONG:")
    return "\n".join(lines + report.verdict.wrong[:50])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.storm", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--per-second", type=float, default=150)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--copies", type=int, default=8, help="how often a webhook is sent at most")
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.stdout.write(f"A storm of {wanted.seconds:.0f} s with seed {wanted.seed}\n")
    report = rage(wanted.seed, wanted.seconds, wanted.per_second, wanted.copies, say=sys.stdout.write)
    sys.stdout.write(render(report) + "\n")
    return 1 if report.verdict.wrong or report.unanswered else 0


if __name__ == "__main__":
    sys.exit(main())
