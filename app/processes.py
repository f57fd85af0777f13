"""Everything that an installation runs, started together and kept alive: what `stallkeeper dev` does.

Production gives the same commands to its own supervisor (systemd, a container platform).
"""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from app.config import Config
from app.queue import QUEUES

_STOP_SECONDS = 8
_RESTART_SECONDS = 1.0
_SPARE_FILES = 100


def commands(*, port: int, live_port: int) -> dict[str, list[str]]:
    """Name → arguments of `stallkeeper` for each process."""
    return {
        "web": ["serve", "--port", str(port)],
        "live": ["live", "--port", str(live_port)],
        **{f"worker-{queue}": ["worker", queue] for queue in QUEUES},
        "cron": ["cron"],
    }


def run(config: Config, *, port: int, live_port: int) -> None:
    """Start all, restart what dies, and stop all on Ctrl-C or SIGTERM. Pids go to `var`/processes.json."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    wanted = commands(port=port, live_port=live_port)
    running = {name: _start(arguments) for name, arguments in wanted.items()}
    _write_pids(config.var, running)
    while not stopping.wait(_RESTART_SECONDS):
        dead = [name for name, process in running.items() if process.poll() is not None]
        for name in dead:
            sys.stderr.write(f"{name} ended with {running[name].returncode}; starting it again\n")
            running[name] = _start(wanted[name])
        if dead:
            _write_pids(config.var, running)
    _stop(list(running.values()))
    (config.var / "processes.json").unlink(missing_ok=True)


def allow_open_files(count: int) -> None:
    """Let this process and its children open so many files, or as many as the system grants."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def _start(arguments: list[str]) -> subprocess.Popen[bytes]:
    """In a process group of its own, so that a Ctrl-C reaches the supervisor alone and the ending is orderly."""
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own program


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _write_pids(var: Path, running: dict[str, subprocess.Popen[bytes]]) -> None:
    new = var / "processes.json.new"
    new.write_text(json.dumps({name: process.pid for name, process in running.items()}))
    new.replace(var / "processes.json")
