"""What tests stand on: a real PostgreSQL made by the migrations, a real Redis, and the cast.

Each test that asks for `database` gets a migrated one with nothing in it: real commits, real row-level security, as
many connections as it likes.
"""
# ruff: noqa: E402 - the environment has to be set before the app reads it

import asyncio
import gc
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("SHOPIFY_API_KEY", "test-key")
os.environ.setdefault("SHOPIFY_API_SECRET", "a-test-secret-of-thirty-two-bytes")
os.environ.setdefault("SECRET_KEYS", "a-test-key")
os.environ.setdefault("RESEND_API_KEY", "re_test")
os.environ.setdefault("RESEND_WEBHOOK_SECRET", "whsec_dGhlIHByb3ZpZGVycyBzZWNyZXQ=")
os.environ.setdefault("RESEND_INBOUND_SECRET", "whsec_dGhlIHNlY3JldCBvZiB3aGF0IGNvbWVzIGlu")
os.environ.setdefault("MAIL_INBOUND_DOMAIN", "reply.acme.example")
# Servers of their own for each run, and for each process of a run: two must not empty each other's Redis.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER")
_OWN_VAR = None if "STALLKEEPER_VAR" in os.environ else tempfile.mkdtemp(prefix="stallkeeper-tests-")
os.environ.setdefault("STALLKEEPER_VAR", _OWN_VAR or "")
if _WORKER:
    _OWN_VAR = os.environ["STALLKEEPER_VAR"] = str(Path(os.environ["STALLKEEPER_VAR"]) / _WORKER)

import httpx
import psycopg
import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from jinja2.bccache import Bucket, BytecodeCache
from playwright.sync_api import Browser, ProxySettings, expect, sync_playwright
from sqlalchemy import event, make_url, select
from werkzeug.routing import Rule
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from app import clock, db, embedded, languages, logs, metrics, queue
from app.config import get_config
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor, VendorStatus, VendorUser
from app.shopify import tokens
from app.shopify.tokens import ShopCredentials, TokenPair
from tests.apps import get_app
from tests.chromium import launch
from tests.e2e import slowness
from tests.shopify.fake import FakeShopify, installable
from tests.shopify.signing import sign_id_token

# A busy machine is no failure: no test judges by the clock. And a run's result is that of the code, not of a draw:
# `make test-nightly` looks for new examples.
_NIGHTLY = "STALLKEEPER_HISTORIES" in os.environ
settings.register_profile(
    "stallkeeper", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=not _NIGHTLY
)
settings.load_profile("stallkeeper")
# Where nothing else is said httpx gives up after five seconds.
for _wait in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, _wait, 60)
# Hypothesis likes to draw numbers and words that stand in whatever modules are loaded. What a test sees would hang on
# the tests before it in the process, and on any line of code.
pytest.MonkeyPatch().setattr("hypothesis.internal.conjecture.providers.is_local_module_file", lambda _path: False)

_SERVER = os.environ.get("DATABASE_URL")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: they take longest, and what is quick to know should be known first."""
    items.sort(key=_in_a_browser)


@pytest.hookimpl(optionalhook=True)  # mutmut runs without xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """With several processes they are one's work from the beginning: they share a browser, and a marketplace that is
    slow to fill. (xdist's own groups stand in an attribute that pytest 9.2 does not have any more.)
    """
    return _BrowserApart(config, log)


class _BrowserApart(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/e2e/") or "in_the_browser" in nodeid else nodeid


def _in_a_browser(item: pytest.Item) -> bool:
    return "chromium" in getattr(item, "fixturenames", ())


@pytest.fixture(autouse=True)
def loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Playwright's event loop stays in the thread after its tests; the others must be free to run one of their own."""
    theirs = None if _in_a_browser(request.node) else asyncio._get_running_loop()
    if theirs:
        asyncio._set_running_loop(None)
    yield
    if theirs:
        asyncio._set_running_loop(theirs)


@pytest.fixture(scope="session", autouse=True)
def _logs_as_they_come() -> Iterator[None]:
    """A process says once where its log goes. Here that would be what the test of that moment captures, for ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "configure", lambda: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _many_apps() -> Iterator[None]:
    """A process that serves has one app, for good. Tests make many and are done with them: garbage must be collected,
    templates and addresses need not be compiled for each, and the counters are laid out by one thread, as in any
    process.
    """
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "freeze", lambda: None)
        patch.setattr(metrics, "publish_forever", cache(metrics.publish_forever))
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": _Compiled()})
        patch.setattr(Rule, "_compile_builder", _compile_once(Rule._compile_builder))
        yield


def _compile_once(compile_builder: Callable[..., Any]) -> Callable[..., Any]:
    """Werkzeug writes a function for each address that an app has, which is nine tenths of making one."""
    held: dict[tuple[object, ...], Any] = {}

    def find(rule: Rule, append_unknown: bool = True) -> Any:  # noqa: FBT001, FBT002 - Werkzeug's signature
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in held:
            held[key] = compile_builder(rule, append_unknown)
        return held[key]

    return find


class _Compiled(BytecodeCache):
    """Templates by their name and text, in memory."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if found := self._held.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._held[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


@pytest.fixture(autouse=True)
def english() -> None:
    """A request says in its thread's context which language is spoken; the next test begins without it."""
    languages.use("en")


def pytest_unconfigure() -> None:
    """Stop the servers that this run started."""
    # Threads go on as long as the process. One that is about to write when Python ends would end it with a crash.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    if _OWN_VAR:
        queue.get_redis().close()
        embedded.stop_redis(Path(_OWN_VAR).resolve())
        embedded.stop_postgres(Path(_OWN_VAR).resolve())
        shutil.rmtree(_OWN_VAR, ignore_errors=True)


@cache
def _admin_url() -> str:
    return _SERVER or _start_server()


def _start_server() -> str:
    """A server that is thrown away afterwards need not wait for the disk. What must survive a crash is tested in
    tests/faults, on servers of their own.
    """
    url = embedded.start_postgres(get_config().var)
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync = off", "full_page_writes = off", "synchronous_commit = off"):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    return url


def _url_of(name: str) -> str:
    return (
        make_url(_admin_url()).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
    )


@pytest.fixture(scope="session")
def migrated_database() -> Iterator[str]:
    """A database that the migrations made, from nothing. Yields its URL."""
    name = f"test_{uuid.uuid4().hex[:10]}"
    _run(f"CREATE DATABASE {name}")
    db.migrate(_url_of(name))
    yield _url_of(name)
    _sweeper(_url_of(name)).close()
    _run(f"DROP DATABASE {name} WITH (FORCE)")


def _run(statement: str) -> None:
    with psycopg.connect(_admin_url(), autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture
def database(migrated_database: str) -> Iterator[str]:
    """An empty database; the process is pointed at it. Yields its URL."""
    _empty(migrated_database)
    engine = db.use_database(migrated_database)
    queue.get_redis().flushdb()
    yield migrated_database
    pool = engine.pool
    engine.dispose()
    # A request still under way in a thread of a test's server gives its connection back to a pool that is gone.
    event.listen(pool, "checkin", _close)


def _close(connection: psycopg.Connection, _record: object) -> None:
    connection.close()


def _empty(url: str) -> None:
    """Back to what the migrations left, as a new copy would be, in a hundredth of its time. Whoever the last test left
    connected is cut off, so that nobody holds a lock or still writes. Triggers and foreign keys are passed by.
    """
    try:
        _execute_emptying(_sweeper(url))
    except psycopg.OperationalError:  # a test cut everybody off
        _sweeper.cache_clear()
        _execute_emptying(_sweeper(url))


@cache
def _sweeper(url: str) -> psycopg.Connection:
    """Kept from test to test: a new connection would read the description of every table first."""
    connection = psycopg.connect(_admin_url(), dbname=make_url(url).database, autocommit=True)
    connection.execute("SET session_replication_role = replica")
    return connection


_CUT_OFF = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def _execute_emptying(connection: psycopg.Connection) -> None:
    until = time.monotonic() + 10
    # Asked to wait for the end itself, PostgreSQL looks again after a tenth of a second.
    while connection.execute(_CUT_OFF).rowcount and time.monotonic() < until:
        time.sleep(0.001)
    statements = connection.execute("""
        SELECT format('DELETE FROM %I', tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        UNION ALL SELECT format('SELECT setval(%L, 1, false)', sequencename) FROM pg_sequences
    """)
    connection.execute(";".join(row[0] for row in statements))


@pytest.fixture
def unhurried_intake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A webhook waits for its row as long as a busy machine needs. Shopify's second is for the tests about it."""
    monkeypatch.setattr("webhooks.inbox.ANSWER_WITHIN_SECONDS", 30)


@pytest.fixture
def acme(database: str) -> Shop:
    return _make_shop("acme", "Acme")


@pytest.fixture
def zenith(database: str) -> Shop:
    return _make_shop("zenith", "Zenith")


@pytest.fixture
def ada(acme: Shop) -> Vendor:
    return make_vendor(acme, "Ada's Ceramics", "ada@example.com")


@pytest.fixture
def bea(acme: Shop) -> Vendor:
    return make_vendor(acme, "Bea's Bakery", "bea@example.com")


@pytest.fixture
def cy(zenith: Shop) -> Vendor:
    return make_vendor(zenith, "Cy's Cycles", "cy@example.com")


def _make_shop(name: str, title: str) -> Shop:
    with db.system() as session:
        shop = Shop(domain=f"{name}.myshopify.com", name=title, email=f"owner@{name}.example", currency="USD")
        session.add(shop)
        session.flush()
        session.add(ShopSettings(shop_id=shop.id))
    return shop


def make_vendor(shop: Shop, name: str, email: str, status: VendorStatus = VendorStatus.APPROVED) -> Vendor:
    """A vendor with the person who applied."""
    with db.scoped(shop.id) as session:
        handle = name.lower().replace("'", "").replace(" ", "-")
        vendor = Vendor(shop_id=shop.id, handle=handle, name=name, email=email, status=status)
        session.add(vendor)
        session.flush()
        session.add(VendorUser(shop_id=shop.id, vendor_id=vendor.id, email=email, name=name.split("'", maxsplit=1)[0]))
    return vendor


@pytest.fixture
def shopify(monkeypatch: pytest.MonkeyPatch) -> FakeShopify:
    """Shopify at the network edge, ready for an install."""
    fake = installable(FakeShopify())
    client = fake.client()
    for module in ("app.shopify.client", "app.shopify.tokens", "app.reconciliation.bulk"):
        monkeypatch.setattr(f"{module}.get_http", lambda: client)
    return fake


@pytest.fixture
def merchant(database: str, shopify: FakeShopify) -> Iterator[FlaskClient]:
    """A browser of the owner in Acme's admin, who has just installed the app: `shop` is theirs."""
    with get_app().test_client() as client:
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {sign_id_token()}"
        assert client.get("/app").status_code == 200
        yield client


@pytest.fixture
def shop(merchant: FlaskClient) -> Shop:
    with db.system() as session:
        return session.scalars(select(Shop)).one()


@pytest.fixture
def seller(shop: Shop) -> Vendor:
    """Ada, in the shop of `merchant`."""
    return make_vendor(shop, "Ada's Ceramics", "ada@example.com")


@pytest.fixture
def connected(acme: Shop) -> ShopCredentials:
    """Acme with a pair of tokens that lasts."""
    pair = TokenPair("access-0", clock.now() + timedelta(hours=1), "refresh-0", clock.now() + timedelta(days=90), "")
    with db.scoped(acme.id) as session:
        tokens.store(session.get_one(Shop, acme.id), pair)
    return ShopCredentials(acme.id, acme.domain)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for every test that needs one: two of Playwright's loops cannot run in one thread."""
    expect.set_options(timeout=slowness.PATIENCE)
    with slowness.slow_line() as slow, sync_playwright() as playwright:
        browser = launch(playwright, ProxySettings(server=slow, bypass="<-loopback>") if slow else None)
        yield browser
        browser.close()
