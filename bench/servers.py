"""PostgreSQL, Redis and our own programs for measurements and fault tests, in a folder of their own.

Everything started here is stopped here, by the process ids that the start gave.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg

from app import db, embedded

ROOT = Path(__file__).parents[1]
SHOP = "acme.myshopify.com"
API_KEY, API_SECRET = "0123456789abcdef0123456789abcdef", "shpss_0123456789abcdef0123456789abcdef"


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Short, because unix sockets' paths are; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="stallkeeper-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Database:
    """A PostgreSQL of our own with a migrated database."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.url = embedded.start_postgres(var)
        db.migrate(self.url.replace("postgresql://", "postgresql+psycopg://"))

    @property
    def socket(self) -> str:
        query = parse_qs(urlsplit(self.url).query)
        return f"{query['host'][0]}/.s.PGSQL.{query['port'][0]}"

    @property
    def pid(self) -> int:
        return int((self.var / "postgres" / "postmaster.pid").read_text().split("\n", maxsplit=1)[0])

    def through(self, port: int) -> str:
        """Its URL by way of a proxy."""
        return f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable&gssencmode=disable"

    def stop_at_once(self) -> None:
        """What `pg_ctl stop -m immediate` does: as if the power had failed, to the programs."""
        pid = self.pid
        os.kill(pid, signal.SIGQUIT)
        wait_for_end(pid)

    def start(self) -> None:
        embedded.start_postgres(self.var)

    def stop(self) -> None:
        embedded.stop_postgres(self.var)

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """As the owner, who sees every shop's rows."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            return connection.execute(query, values).fetchall()

    def run(self, statement: str, *values: object, **named: object) -> None:
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement, values or named or None)


class Bell:
    """A Redis of our own. It keeps nothing on disk: a kill wipes it."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.url = embedded.start_redis(var)

    @property
    def socket(self) -> str:
        return self.url.removeprefix("unix://")

    @property
    def pid(self) -> int:
        return int((self.var / "redis" / "pid").read_text())

    def kill(self) -> None:
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        wait_for_end(pid)

    def start(self) -> None:
        embedded.start_redis(self.var)

    def stop(self) -> None:
        embedded.stop_redis(self.var)


def wait_for_end(pid: int, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > until:
            raise TimeoutError(f"process {pid} does not end")
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be counted by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def environment(var: Path, database_url: str, redis_url: str, **more: str) -> dict[str, str]:
    """What one of our programs reads."""
    return {
        **os.environ,
        "STALLKEEPER_VAR": str(var),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SHOPIFY_API_KEY": API_KEY,
        "SHOPIFY_API_SECRET": API_SECRET,
        "SECRET_KEYS": "a-key-for-measurements",
        "RESEND_API_KEY": "re_test",
        # As in an installation: a program that is started again finds itself compiled.
        "PYTHONDONTWRITEBYTECODE": "",
        **more,
    }


def start(
    arguments: list[str], env: Mapping[str, str], log: Path, *, core: int | None = None
) -> subprocess.Popen[bytes]:
    """`python -m …` in a process group of its own, on one core if wanted."""
    pin = ["taskset", "-c", str(core)] if core is not None else []
    with log.open("ab") as out:
        return subprocess.Popen(
            [*pin, sys.executable, "-m", *arguments], cwd=ROOT, env=env, stdout=out, stderr=out, start_new_session=True
        )


def end(process: subprocess.Popen[bytes], seconds: float = 8) -> None:
    """Ask politely, then end the whole group."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End with SIGKILL a program and its children, as a service manager does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def make_shop(database: Database) -> int:
    """Acme with Ada and Bea, straight into the tables. Returns the shop's id."""
    insert = "INSERT INTO shops (domain, name, email, currency) VALUES (%s, 'Acme', 'owner@acme.example', 'USD')"
    database.run(insert, SHOP)
    shop_id = int(str(database.ask("SELECT id FROM shops WHERE domain = %s", SHOP)[0][0]))
    database.run("INSERT INTO shop_settings (shop_id) VALUES (%s)", shop_id)
    add_vendors(database, shop_id)
    return shop_id


def add_vendors(database: Database, shop_id: int) -> None:
    insert = "INSERT INTO vendors (shop_id, handle, name, email, status) VALUES (%s, %s, %s, %s, 'approved')"
    database.run(insert, shop_id, "ada", "Ada's Ceramics", "ada@example.com")
    database.run(insert, shop_id, "bea", "Bea's Bakery", "bea@example.com")
