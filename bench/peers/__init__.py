"""Others at what booking an order is to them: each a program and a database of its own, on our server.

Such a program reads what it shall do, a line of JSON each, and answers with how many orders it booked.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import psycopg

from bench import conditions, packages, servers
from bench.booking import Booker, Way

_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    folder: str
    lock: str
    install: tuple[tuple[str, ...], ...]
    prepare: tuple[tuple[str, ...], ...]
    """Before the program is started, on an empty database."""
    start: tuple[str, ...]
    counted: str
    ways: tuple[Way, ...]


_MEDUSA = (packages.NODE, "node_modules/@medusajs/cli/cli.js")
MERCUR = Peer(
    "Mercur",
    "mercur",
    "package-lock.json",
    # Not `npm ci`, which wants every system's packages in the lock.
    install=((packages.NPM, "install", "--no-save", "--ignore-scripts", "--loglevel=error"),),
    prepare=((*_MEDUSA, "db:migrate"),),
    start=(*_MEDUSA, "exec", "./book.js"),
    counted="SELECT count(*) FROM commission_line WHERE amount = 0.5",
    ways=tuple(
        Way(what, *way, rows=lines)
        for what, lines in (("1 line", 1), ("3 lines", 3))
        for way in ((1, 1), (1, 4), (50, 4))
    ),
)
_PYTHON = ".venv/bin/python"
_UV = str(packages.BIN / "uv")
HORDAK = Peer(
    "django-hordak",
    "hordak",
    "requirements.lock",
    install=(
        (_UV, "venv", "--quiet", "--clear", "--python", sys.executable, ".venv"),
        (_UV, "pip", "install", "--quiet", "--python", _PYTHON, "--require-hashes", "-r", "requirements.lock"),
    ),
    prepare=(),
    start=(_PYTHON, "book.py"),
    counted="SELECT count(*) FROM hordak_leg",
    ways=tuple(
        Way(f"{legs} legs, {how}", *way, rows=legs)
        for legs in (7, 22)
        for how in ("save", "bulk_create")
        for way in ((1, 1), (1, 4), (100, 4))
    ),
)


@contextlib.contextmanager
def running(database: servers.Database) -> Iterator[list[Booker]]:
    """Those who can be had, waiting for what they shall book. Says who cannot."""
    with contextlib.ExitStack() as stack:
        found: list[Booker] = []
        for peer in (MERCUR, HORDAK):
            try:
                found.append(stack.enter_context(_run(peer, database)))
            except packages.UnavailableError as why:
                print(f"{peer.name} does not take part: {why}", flush=True)
        yield found


@contextlib.contextmanager
def _run(peer: Peer, database: servers.Database) -> Iterator["Running"]:
    place = packages.install(Path(__file__).parent / peer.folder, peer.folder, peer.lock, *peer.install)
    database.run(f"CREATE DATABASE {peer.folder}")
    env = _environment(database, peer.folder)
    for command in peer.prepare:
        packages.run(place, *command, **env)
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            peer.start,
            cwd=place,
            env={**os.environ, **packages.PATH, "NODE_ENV": "production", **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield Running(peer, env["DATABASE_URL"], process)
    finally:
        servers.end(process)


def _environment(database: servers.Database, name: str) -> dict[str, str]:
    """Where its database is, in the spellings of Node's client and of PostgreSQL's own library."""
    folder, port = database.socket.rsplit("/.s.PGSQL.", 1)
    return {
        "DATABASE_URL": f"postgresql://postgres@{quote(folder, safe='')}:{port}/{name}",
        "PGHOST": folder,
        "PGPORT": port,
        "PGUSER": "postgres",
        "PGDATABASE": name,
        "MEDUSA_DISABLE_TELEMETRY": "true",
    }


class Running:
    """A peer that waits for what it shall book."""

    def __init__(self, peer: Peer, url: str, process: subprocess.Popen[bytes]) -> None:
        self.name, self.ways = peer.name, list(peer.ways)
        self._peer, self._url, self._process = peer, url, process
        self._read()

    def prepare(self, way: Way) -> Callable[[], int]:
        return partial(self._ask, json.dumps({**asdict(way), "seconds": _SECONDS}).encode())

    def spend(self) -> float:
        return conditions.cpu_seconds(self._process.pid)

    def count(self) -> int:
        with psycopg.connect(self._url) as connection:
            found = connection.execute(self._peer.counted).fetchone()
        return int(found[0]) if found else 0

    def _ask(self, told: bytes) -> int:
        assert self._process.stdin
        self._process.stdin.write(told + b"\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> int:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith(b"booked "):
                return int(line.split()[1])
        raise packages.UnavailableError(f"{self.name} ended with {self._process.wait()}")
