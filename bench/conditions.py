"""What a measurement was made on, and how processes are kept apart while it is made."""

import contextlib
import os
import platform
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")


def can_pin() -> bool:
    return (os.cpu_count() or 1) > 1 and shutil.which("taskset") is not None


def core(number: int) -> int | None:
    """A core's number, None on a machine where processes cannot be kept apart."""
    return number if can_pin() else None


def pin(pid: int, number: int) -> None:
    """Put a process, its threads and what it starts from now on onto one core."""
    if can_pin():
        for process in (pid, *children(pid)):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for thread in Path(f"/proc/{process}/task").iterdir():
                    os.sched_setaffinity(int(thread.name), {number})


def children(pid: int) -> list[int]:
    """The process ids of a process's children and theirs; some may end meanwhile."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += [int(child), *children(int(child))]
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and its children so far, of those who ended, too."""
    total = 0.0
    for process in (pid, *children(pid)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, stat[11:15])) / _TICKS
    return total


def describe() -> dict[str, Any]:
    """The machine, and how busy others kept it: a load above the number of cores spoils the figures."""
    model = next((line.split(":", 1)[1].strip() for line in _cpu_info() if line.startswith("model name")), "")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": model or platform.processor(),
        "cores": os.cpu_count(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "pinned": can_pin(),
    }


def render(conditions: dict[str, Any]) -> str:
    load = ", ".join(str(one) for one in conditions["load_average"])
    machine = f"{conditions['cpu']}, {conditions['cores']} cores, load {load}"
    return f"{machine}, Python {conditions['python']}, {conditions['at']}"


def _cpu_info() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
