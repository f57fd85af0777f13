"""`make bench-intake`: signed orders/create per second into the same durable table, ours beside Node's.

One process each, the server on one core, PostgreSQL and the load on the other. The stacks take turns in every round,
because a machine is never the same a minute later: compare figures of one run only.
"""

import argparse
import contextlib
import json
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench import conditions, installed, servers, shim
from bench.intake import burst, stacks
from bench.intake.serving import Place, Row, Wanted, load, see_contract, serving
from bench.intake.stacks import STACKS, Stack

RESULT = servers.ROOT / "var" / "bench" / "intake.json"
LINES, BIG = 15, 620
EVERYTHING = (
    *(Wanted(LINES, connections) for connections in (32, 1, 128, 512)),
    Wanted(BIG, 32),
    *(Wanted(LINES, connections, fsync_ms=2) for connections in (32, 128)),
)
_BURST = 60_000


def measure(stack: Stack, place: Place, wanted: Wanted, run: str) -> Row:
    """Start the stack, see that it keeps the contract, load it, and count what lies in the table afterwards."""
    place.database.run("TRUNCATE inbox_events")
    place.database.run("CHECKPOINT")
    with serving(stack, place) as (process, port):
        see_contract(stack, port, wanted.body)
        load(port, wanted, f"{run}-warm", seconds=1.0)
        cpu, before = conditions.cpu_seconds(process.pid), place.count()
        loaded = load(port, wanted, run)
        cpu = conditions.cpu_seconds(process.pid) - cpu
        stored = place.count() - before
    answered = int(loaded["statuses"].get("200", 0))
    if stored < answered:
        raise SystemExit(f"{stack.name} answered {answered} and stored {stored}")
    return {
        "stack": stack.name,
        "answered": answered,
        "other": {status: count for status, count in loaded["statuses"].items() if status != "200"},
        "stored": stored,
        "per_second": round(answered / loaded["took"], 1),
        "cpu_us": round(cpu * 1e6 / max(1, sum(loaded["statuses"].values())), 1),
        **loaded["ms"],
    }


def summarize(rows: Sequence[Row], mine: str = stacks.OURS.name) -> list[Row]:
    """Per stack the median of its rounds, and how many times its pace ours is."""
    found = []
    for stack in dict.fromkeys(row["stack"] for row in rows):
        own = [row for row in rows if row["stack"] == stack]
        pace = [row["per_second"] for row in own]
        middle = {
            name: median(row[name] for row in own) for name in ("per_second", "p50", "p95", "p99", "max", "cpu_us")
        }
        found.append({"stack": stack, **middle, "least": min(pace), "most": max(pace), "rounds": len(own)})
    ours = next(row["per_second"] for row in found if row["stack"] == mine)
    return [{**row, "ours_is": round(ours / row["per_second"], 2) if row["per_second"] else None} for row in found]


def render(rows: Sequence[Row], wanted: Wanted) -> str:
    names = f"{'per second':>10} {'least-most':>15} {'p50':>7} {'p95':>7} {'p99':>7} ms {'CPU us':>7} {'ours is':>8}"
    lines = [f"\n{wanted.words}", f"{'':<26} {names}"]
    for row in rows:
        times = "-" if row["ours_is"] is None else f"{row['ours_is']:.2f} x"
        spread = f"{row['least']:.0f}-{row['most']:.0f}"
        ms = " ".join(f"{row[name]:>7.1f}" for name in ("p50", "p95", "p99"))
        lines.append(
            f"{row['stack']:<26} {row['per_second']:>10.0f} {spread:>15} {ms}    {row['cpu_us']:>7.0f} {times:>8}"
        )
    return "\n".join(lines)


def main() -> None:
    asked = _read_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stacks.install()
    result: Row = {"conditions": conditions.describe(), "versions": stacks.versions(), "measured": []}
    result["conditions"]["seconds_a_round"] = asked.seconds
    wanted = _list_wanted(asked)
    for fsync_ms in dict.fromkeys(one.fsync_ms for one in wanted):
        with _open(fsync_ms) as place:
            if place is None:
                print("\nNOT MEASURED: a slow disk needs a C compiler and a PostgreSQL of this machine")
                continue
            result["conditions"] |= _describe(place.database)
            for one in wanted:
                if one.fsync_ms == fsync_ms:
                    _play(place, one, asked.rounds, result)
    if asked.burst:
        with _open(0) as place:
            assert place
            result["burst"] = burst.play(place, Wanted(LINES, 512), asked.burst)
            print(burst.render(result["burst"]), flush=True)
    _write(result)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.intake", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, nargs="+", default=[32])
    parser.add_argument("--lines", type=int, nargs="+", default=[LINES], help=f"of an order; {BIG} make 0.68 MB")
    parser.add_argument("--fsync-ms", type=int, nargs="+", default=[0], help="so much longer takes every fsync")
    parser.add_argument("--burst", type=int, default=0, help="so many webhooks at once, answered and worked off")
    parser.add_argument("--everything", action="store_true", help=f"all of that, and a burst of {_BURST}")
    asked = parser.parse_args()
    asked.burst = asked.burst or _BURST * asked.everything
    return asked


def _list_wanted(asked: argparse.Namespace) -> list[Wanted]:
    wanted = EVERYTHING if asked.everything else _combine(asked)
    return [Wanted(one.lines, one.connections, asked.seconds, one.fsync_ms) for one in wanted]


def _combine(asked: argparse.Namespace) -> list[Wanted]:
    return [
        Wanted(lines, connections, fsync_ms=fsync_ms)
        for fsync_ms in asked.fsync_ms
        for lines in asked.lines
        for connections in asked.connections
        if asked.rounds
    ]


def _play(place: Place, wanted: Wanted, rounds: int, result: Row) -> None:
    rows = []
    for turn in range(rounds):
        for at in range(len(STACKS)):
            stack = STACKS[(at + turn) % len(STACKS)]
            rows.append(measure(stack, place, wanted, f"{turn}-{at}"))
    summary = summarize(rows)
    shown = {"lines": wanted.lines, "bytes": len(wanted.body), "connections": wanted.connections}
    result["measured"].append({**shown, "fsync_ms": wanted.fsync_ms, "summary": summary, "rounds": rows})
    print(render(summary, wanted), flush=True)


@contextlib.contextmanager
def _open(fsync_ms: int) -> Iterator[Place | None]:
    """The servers, PostgreSQL with so slow a disk; None where that cannot be had."""
    with servers.temporary_folder() as folder, _slow_disk(folder, fsync_ms) as possible:
        if not possible:
            yield None
            return
        place = Place(folder, installed.open_database(folder), servers.Bell(folder))
        try:
            installed.prepare(place.database)
            conditions.pin(place.bell.pid, 1)
            yield place
        finally:
            place.bell.stop()
            place.database.stop()


@contextlib.contextmanager
def _slow_disk(folder: Path, fsync_ms: int) -> Iterator[bool]:
    if not fsync_ms:
        yield True
        return
    folder.chmod(0o711)  # the server's user must find the library
    if not (library := shim.build(folder)) or not installed.find_binaries():
        yield False
        return
    control = shim.Shim(library, folder / "under-database")
    with control.inherited():
        control.slow_disk(fsync_ms * 1000)
        yield True


def _describe(database: servers.Database) -> dict[str, str]:
    """The server, and how it squeezes bodies: the older method costs more than all the rest of storing them."""
    squeezed = "SELECT attcompression FROM pg_attribute WHERE attrelid = 'inbox_events'::regclass AND attname = 'body'"
    version, method = database.ask("SHOW server_version")[0][0], database.ask(squeezed)[0][0]
    return {"postgresql": str(version).split()[0], "body_compression": "lz4" if method == "l" else "pglz"}


def _write(result: dict[str, Any]) -> None:
    found = result["conditions"]
    found["load_average_after"] = conditions.describe()["load_average"]
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    server = f"PostgreSQL {found['postgresql']} with {found['body_compression']}" if "postgresql" in found else ""
    print(f"\n{conditions.render(found)}, {server}\nwritten to {RESULT.relative_to(servers.ROOT)}")


if __name__ == "__main__":
    main()
