"""The machine's own PostgreSQL with lz4, where there is one: what an installation runs on.

The wheel's server was built without lz4 and spends most of its time on squeezing bodies with the older method.
"""

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any

from app import db
from bench import conditions, servers

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


def find_binaries() -> Path | None:
    """The folder of the newest installed server that can do lz4."""
    given = shutil.which("initdb")
    found = [Path(given).resolve().parent] if given else []
    found += [folder for place in _PLACES for folder in Path("/").glob(place[1:])]
    able = [folder for folder in found if _can_lz4(folder) and (os.geteuid() != 0 or _find_user())]
    return max(able, key=_version, default=None)


def open_database(var: Path) -> servers.Database:
    """The machine's own server if it can do lz4, else the wheel's."""
    binaries = find_binaries()
    return Installed(var, binaries) if binaries else servers.Database(var)


def prepare(database: servers.Database) -> None:
    """The same for everybody: full durability, no checkpoint in the middle of a round, a core of its own."""
    database.run("ALTER SYSTEM SET max_wal_size = '4GB'")
    database.run("ALTER SYSTEM SET checkpoint_timeout = '1h'")
    database.run("SELECT pg_reload_conf()")
    settings = {name: database.ask(f"SHOW {name}")[0][0] for name in ("fsync", "synchronous_commit")}
    if set(settings.values()) != {"on"}:
        raise SystemExit(f"PostgreSQL is not durable: {settings}")
    conditions.pin(database.pid, 1)


class Installed(servers.Database):
    """A fresh cluster of the machine's own PostgreSQL, under `var`. It refuses to run as root: then as `postgres`."""

    def __init__(self, var: Path, binaries: Path) -> None:
        self.var, self._binaries = var, binaries
        self._data = var / "postgres"
        self._data.mkdir()
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0 and (user := _find_user()):
            self._user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
            shutil.chown(self._data, user)
            var.chmod(0o711)
        self._do("initdb", "-D", str(self._data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C")
        self.url = f"postgresql://postgres@/postgres?host={self._data}&port=5432"
        self.start()
        db.migrate(self.url.replace("postgresql://", "postgresql+psycopg://"))

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self._data}"
        self._do(
            "pg_ctl", "-D", str(self._data), "-w", "-t", "60", "-l", str(self._data / "log"), "-o", options, "start"
        )

    def stop(self) -> None:
        self._control("stop", "-m", "fast")

    def _control(self, verb: str, *options: str) -> None:
        self._do("pg_ctl", verb, "-D", str(self._data), "-w", "-t", "60", *options)

    def _do(self, name: str, *arguments: str) -> None:
        command = [str(self._binaries / name), *arguments]
        quiet = subprocess.DEVNULL
        subprocess.run(command, check=True, timeout=90, stdout=quiet, stderr=quiet, cwd="/", **self._user)


def _find_user() -> str | None:
    return next((entry.pw_name for entry in pwd.getpwall() if entry.pw_name == "postgres"), None)


def _can_lz4(folder: Path) -> bool:
    return (folder / "initdb").exists() and "--with-lz4" in _ask(folder, "--configure")


def _version(folder: Path) -> tuple[int, ...]:
    words = _ask(folder, "--version").split()
    return tuple(int(part) for part in words[1].split(".") if part.isdigit()) if len(words) > 1 else ()


def _ask(folder: Path, what: str) -> str:
    program = folder / "pg_config"
    if not program.exists():
        return ""
    return subprocess.run([program, what], capture_output=True, text=True, timeout=10, check=False).stdout
