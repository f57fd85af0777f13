"""A burst: so many webhooks as fast as they can be sent, each about another order; answered, counted, worked off."""

import os
import threading
import time
from pathlib import Path

from bench import conditions, servers
from bench.intake import stacks
from bench.intake.serving import Place, Row, Wanted, load, serving

_DRAIN_WITHIN_SECONDS = 600.0
_LEFT = "SELECT count(*) FROM inbox_events WHERE state <> 'done'"


class Memory:
    """The most memory that a process and its children held, in MB, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.first = self.most = _resident_mb(pid)
        self._thread.start()

    def end(self) -> Row:
        self._ended.set()
        self._thread.join()
        return {"before_mb": round(self.first), "most_mb": round(self.most)}

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            self.most = max(self.most, _resident_mb(self._pid))


def play(place: Place, wanted: Wanted, count: int) -> Row:
    """Raises SystemExit when fewer lie in the table than were answered."""
    place.database.run("TRUNCATE inbox_events")
    servers.make_shop(place.database)
    with serving(stacks.OURS, place) as (process, port):
        load(port, wanted, "warm", seconds=1.0)
        place.database.run("TRUNCATE inbox_events")
        memory = Memory(process.pid)
        loaded = load(port, wanted, "burst", seconds=300, at_most=count)
        held = memory.end()
    answered, stored = int(loaded["statuses"].get("200", 0)), place.count()
    if stored < answered:
        raise SystemExit(f"{answered} were answered and {stored} are stored")
    answer = {"sent": count, "answered": answered, "stored": stored, "took": round(loaded["took"], 1)}
    return {**answer, "other": _others(loaded), **loaded["ms"], "web": held, "worker": _drain(place)}


def render(row: Row) -> str:
    worker = row["worker"]
    return (
        f"\na burst of {row['sent']}: {row['answered']} answered 200 in {row['took']} s, {row['stored']} stored,"
        f" slowest answer {row['max']:.0f} ms; others {row['other'] or 'none'}\n"
        f"web {row['web']['before_mb']} MB before, {row['web']['most_mb']} MB at most;"
        f" worker {worker['before_mb']} MB, {worker['most_mb']} MB at most\n"
        f"worked off by one worker in {worker['took']} s, {worker['left']} left"
    )


def _others(loaded: Row) -> Row:
    return {status: count for status, count in loaded["statuses"].items() if status != "200"}


def _drain(place: Place) -> Row:
    command = ["app.cli", "worker", "events"]
    process = servers.start(command, place.environment, place.folder / "worker.log", core=conditions.core(0))
    try:
        first = _left(place)
        while _left(place) == first and process.poll() is None:
            time.sleep(0.05)
        memory, began = Memory(process.pid), time.monotonic()
        while (left := _left(place)) and time.monotonic() < began + _DRAIN_WITHIN_SECONDS and process.poll() is None:
            time.sleep(0.5)
        return {"took": round(time.monotonic() - began, 1), "left": left, **memory.end()}
    finally:
        servers.end(process)


def _left(place: Place) -> int:
    return int(str(place.database.ask(_LEFT)[0][0]))


def _resident_mb(pid: int) -> float:
    pages = 0
    for process in (pid, *conditions.children(pid)):
        path = Path(f"/proc/{process}/statm")
        pages += int(path.read_text().split()[1]) if path.exists() else 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
