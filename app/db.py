"""The one place that opens, scopes and commits transactions.

Every transaction says who is asking before its first statement: it takes on the role `stallkeeper_app`, whose rows
PostgreSQL filters by shop and vendor (row-level security), or `stallkeeper_system` for the few cross-shop jobs: doors
that look a person up, the webhook inbox, sweeps. A customer's requests run as `stallkeeper_customer`, which can touch
their own lists, and of other tables see only whether their shop is still here. The login
role of DATABASE_URL is a member of all three.
"""

import contextlib
import select
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import resources
from threading import BoundedSemaphore
from typing import Any, Final, LiteralString, TypeVar, cast

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import NullPool

from app import arrays, embedded, wire
from app.config import get_config

_ENTER = b"""
    SELECT set_config('role', %(role)s, true), set_config('app.shop_id', %(shop_id)s, true),
           set_config('app.vendor_id', %(vendor_id)s, true), set_config('app.customer_id', %(customer_id)s, true)
"""
_CONNECT: dict[str, Any] = {
    "autocommit": True,  # psycopg's own BEGIN would be a round trip, we send ours with what says who is asking
    "connect_timeout": 5,
    # A process that is stopped or cut off in the middle of a transaction must not keep its locks: others wait for them.
    # Shorter than the inbox's lease; no honest transaction is idle for long, because none waits for outside calls.
    # Just-in-time compiling is for statements of seconds: ours it makes slower, where the server does so by itself.
    "options": "-c idle_in_transaction_session_timeout=20s -c lock_timeout=30s -c jit=off",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_ANSWERS: Final = "answers"
T = TypeVar("T")
_engines: dict[str, Engine] = {}
_spare: deque[psycopg.Connection[Any]] = deque()
"""Connections for `pipelined`, last used first."""
_few = BoundedSemaphore(8)
"""More at once would be no faster, and the server's connections are counted."""
_open: ContextVar[tuple[Session, ...]] = ContextVar("open_sessions", default=())


@dataclass(frozen=True, slots=True)
class Scope:
    """Who is asking: a whole shop, one vendor or one customer of a shop, or (all None) the system across shops."""

    shop_id: int | None = None
    vendor_id: int | None = None
    customer_id: int | None = None

    @property
    def role(self) -> str:
        if self.shop_id is None:
            return "stallkeeper_system"
        return "stallkeeper_app" if self.customer_id is None else "stallkeeper_customer"


class ScopedSession(Session):
    """A session whose every transaction begins by telling PostgreSQL its scope."""

    scope: Scope
    on_commit: dict[object, Callable[[], Any]]
    sending: contextlib.ExitStack | None = None
    """Open while `together` sends: what it closes waits for the answers."""
    at_one_moment = False
    """Whether all that it reads stands as at its first statement, instead of each as at its own."""
    unsent: list[wire.Statement] | None = None
    """What goes with COMMIT, once `write_at_commit` was asked for."""


@event.listens_for(ScopedSession, "after_begin")
def _enter_scope(session: ScopedSession, transaction: SessionTransaction, connection: Connection) -> None:
    if not transaction.nested:
        _enter(session, connection, begin=True)


def _enter(session: ScopedSession, connection: Connection, *, begin: bool) -> None:
    driver = _driver_of(connection)
    try:
        with contextlib.ExitStack() as alone:
            (session.sending or alone).enter_context(driver.pipeline())
            if begin:
                driver.execute(b"BEGIN ISOLATION LEVEL REPEATABLE READ" if session.at_one_moment else b"BEGIN")
            driver.execute(_ENTER, _asking(session.scope))
    except psycopg.Error as error:
        connection.invalidate(error)
        raise OperationalError(_ENTER.decode(), None, error) from error


def _asking(scope: Scope) -> dict[str, str]:
    asking = {"shop_id": scope.shop_id, "vendor_id": scope.vendor_id, "customer_id": scope.customer_id}
    return {"role": scope.role, **{name: str(number or "") for name, number in asking.items()}}


def speak_for_shop(session: Session) -> None:
    """Let the rest of a customer's transaction speak for the shop, to announce what the customer did."""
    assert isinstance(session, ScopedSession)
    session.scope = Scope(session.scope.shop_id)
    _enter(session, session.connection(), begin=False)


def database_url() -> str:
    """DATABASE_URL, or the embedded server's, in SQLAlchemy's psycopg 3 spelling."""
    config = get_config()
    url = make_url(config.database_url or embedded.start_postgres(config.var))
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def get_engine() -> Engine:
    """One pooled engine per process."""
    if "main" not in _engines:
        use_database(database_url())
    return _engines["main"]


def use_database(url: str) -> Engine:
    """Point this process at a database. At the same one again, as each test does, with new connections."""
    while _spare:
        _spare.pop().close()
    if old := _engines.get("main"):
        old.dispose()
        if old.url == make_url(url):
            return old
    arrays.register(psycopg.adapters)  # of which the engine keeps a copy
    engine = _engines["main"] = create_engine(url, pool_size=10, max_overflow=20, pool_timeout=5, connect_args=_CONNECT)
    _engines["sessions"] = engine.execution_options(begins=True)
    event.listen(engine, "checkout", _refuse_closed)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    """For whoever uses the engine without a session."""
    if not connection.get_execution_options().get("begins"):
        connection.exec_driver_sql("BEGIN")


def _refuse_closed(connection: psycopg.Connection[Any], *_: object) -> None:
    """A server that went away has said so, or the system noticed: then something can be read where nobody asked.

    To look costs nothing; asking the server each time would cost a round trip.
    """
    if connection.closed or _says_something(connection.fileno()):
        raise InvalidatePoolError


def _says_something(socket: int) -> bool:
    looking = select.poll()
    looking.register(socket, select.POLLIN)
    return bool(looking.poll(0))


def open_session(scope: Scope) -> ScopedSession:
    """A session that begins its transaction at first use. The caller ends it with `commit` or `close`."""
    get_engine()
    session = ScopedSession(_engines["sessions"], expire_on_commit=False)
    session.scope = scope
    session.on_commit = {}
    return session


@contextlib.contextmanager
def together(session: Session) -> Iterator[psycopg.Connection[Any]]:
    """Send statements without waiting for one another, nor for what begins the transaction: a round trip for all of
    them, or up to the next answer.
    """
    assert isinstance(session, ScopedSession)
    session.flush()
    try:
        with contextlib.ExitStack() as session.sending:
            driver = driver_of(session)
            if not driver.pgconn.pipeline_status:
                session.sending.enter_context(driver.pipeline())
            yield driver
    finally:
        session.sending = None


def driver_of(session: Session) -> psycopg.Connection[Any]:
    """The driver's connection, in the session's transaction."""
    return _driver_of(session.connection())


def write_at_commit(session: ScopedSession) -> None:
    """From now on rows.py writes with COMMIT, in one round trip, unless something is asked first: it is `commit` that
    raises what is wrong with a row.
    """
    session.unsent = []


@contextlib.contextmanager
def writing(session: Session) -> Iterator[None]:
    """What rows.py writes in here is sent as one statement: at the end, or with COMMIT."""
    assert isinstance(session, ScopedSession)
    if session.unsent is not None:
        yield
        return
    session.unsent = []
    try:
        yield
        session.flush()
        if session.unsent:
            wire.run(driver_of(session), session.unsent)
    finally:
        session.unsent = None


def commit(session: ScopedSession) -> None:
    """Commit, then run what waited for it. The only commit in the code."""
    unsent, session.unsent = session.unsent, None
    if unsent:
        with together(session) as driver:
            wire.run(driver, unsent)
            driver.execute(b"COMMIT")
    session.commit()
    waiting, session.on_commit = session.on_commit, {}
    for action in waiting.values():
        action()


def after_commit(session: Session, action: Callable[[], Any], *, once: object = None) -> None:
    """Run `action` once this session's transaction is durable; never, if it rolls back.

    Of several actions with the same `once` a single one is run.
    """
    assert isinstance(session, ScopedSession)
    session.on_commit[once or object()] = action


def remember_answers(session: Session) -> None:
    """From now on `ask_once` asks once: for a transaction that does the same for many."""
    session.info[_ANSWERS] = {}


def ask_once(session: Session, question: Hashable, ask: Callable[[], T]) -> T:
    """What `ask` answers, or answered before where the session remembers. The question names all that it depends on."""
    answers: dict[Hashable, T] | None = session.info.get(_ANSWERS)
    if answers is None:
        return ask()
    if question not in answers:
        answers[question] = ask()
    return answers[question]


@contextlib.contextmanager
def watch(session: ScopedSession) -> Iterator[ScopedSession]:
    """Remember the session as open in this context, for `assert_no_transaction`; close it at the end."""
    token = _open.set((*_open.get(), session))
    try:
        yield session
    finally:
        _open.reset(token)
        session.close()


@contextlib.contextmanager
def scoped(shop_id: int, vendor_id: int | None = None, *, customer_id: int | None = None) -> Iterator[ScopedSession]:
    """One transaction as a shop, a vendor or a customer of it. Commits at the end, rolls back on an exception."""
    with watch(open_session(Scope(shop_id, vendor_id, customer_id))) as session:
        yield session
        commit(session)


@contextlib.contextmanager
def system() -> Iterator[ScopedSession]:
    """One transaction across shops: for doors, the inbox and sweeps. Commits at the end."""
    with watch(open_session(Scope())) as session:
        yield session
        commit(session)


@contextlib.contextmanager
def pipelined(scope: Scope) -> Iterator[psycopg.Connection[Any]]:
    """One transaction in one round trip, for requests that come by the thousand.

    Everything is sent before the first answer is read: so nothing in it may depend on an answer, and what was selected
    is fetched afterwards. PostgreSQL makes one transaction of what is sent together, without being told: a statement
    that fails undoes all of it, and so does an exception in between.
    """
    with _few:
        connection = _take_spare() or _connect()
        try:
            with connection.pipeline():
                connection.execute(_ENTER, _asking(scope))
                try:
                    yield connection
                except BaseException:
                    connection.close()  # before the end of the pipeline, which would commit what was sent already
                    raise
        except BaseException:
            connection.close()
            raise
        _spare.append(connection)


def read_at_once(scope: Scope, query: LiteralString, **values: object) -> list[Any]:
    """The rows that one statement answers, as named tuples: its whole transaction in one round trip."""
    with pipelined(scope) as connection:
        found = connection.cursor(row_factory=namedtuple_row).execute(query, values)
    return found.fetchall()


def _driver_of(connection: Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def _take_spare() -> psycopg.Connection[Any] | None:
    while True:
        try:
            connection = _spare.pop()
        except IndexError:
            return None
        if not connection.closed and not _says_something(connection.fileno()):
            return connection
        connection.close()


def _connect() -> psycopg.Connection[Any]:
    url = get_engine().url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(url, **_CONNECT)


def assert_no_transaction() -> None:
    """Called before each outside call: a transaction that waits for somebody else's server holds its locks hostage."""
    if any(session.in_transaction() for session in _open.get()):
        raise RuntimeError("an outside call was made while a database transaction was open")


def migrate(url: str | None = None) -> None:
    """Bring the database up to this program's newest version. Safe to run from several places at once."""
    from alembic import command  # noqa: PLC0415 - only needed here, and slow to import
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415

    url = url or database_url()
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(resources.files("migrations")))
    settings.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    with create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        # Two processes that start together must not both migrate: the second waits, then finds nothing to do. It asks
        # again and again: an index is made once every statement has ended, and one that waits for it never would.
        while not connection.scalar(text("SELECT pg_try_advisory_lock(hashtext('stallkeeper:migrate'))")):
            time.sleep(0.2)
        command.upgrade(settings, "head")
