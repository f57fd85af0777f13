"""Connections that wait in the pool."""

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from app import clock, db
from app.events import Event, publish_all
from app.models.shops import Shop
from app.rows import read_rows, send


def ask_who(session: db.ScopedSession) -> int:
    number: int = session.scalars(text("SELECT pg_backend_pid()")).one()
    return number


def test_a_connection_that_the_server_has_closed_is_not_handed_out_again(database: str) -> None:
    with db.system() as session:
        closed = ask_who(session)
    with db.system() as session:
        assert ask_who(session) == closed
    with create_engine(database, poolclass=NullPool).begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": closed})
    with db.system() as session:
        assert ask_who(session) != closed


@pytest.mark.usefixtures("database")
def test_who_cannot_take_on_the_role_that_is_filtered_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with db.scoped(1) as session:
        assert session.scalar(text("SELECT current_user")) == "stallkeeper_app"
    with monkeypatch.context() as patch:
        patch.setattr(db.Scope, "role", "stallkeeper_nobody")
        with pytest.raises(OperationalError, match="stallkeeper_nobody"), db.scoped(1) as session:
            ask_who(session)
        with pytest.raises(psycopg.Error, match="stallkeeper_nobody"), db.pipelined(db.Scope(1)) as connection:
            connection.execute("SELECT 1")
    with db.scoped(1) as session:
        assert session.scalar(text("SELECT current_user")) == "stallkeeper_app"


def test_what_is_done_without_a_session_stands_or_falls_as_a_whole(database: str) -> None:
    def insert_then_fail() -> None:
        with db.get_engine().begin() as owner:
            owner.execute(text("INSERT INTO shops (domain, name, email, currency) VALUES ('a', 'A', 'a@a', 'USD')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        insert_then_fail()
    with db.get_engine().connect() as owner:
        assert owner.scalar(text("SELECT count(*) FROM shops")) == 0


def test_what_is_written_at_commit_is_sent_before_anything_is_asked(acme: Shop) -> None:
    counted = b"SELECT count(*) FROM domain_events WHERE kind = %(kind)s"
    with db.scoped(acme.id) as session:
        db.write_at_commit(session)
        publish_all(session, acme.id, [Event("Told", {"n": 1}), Event("Told", {"n": 2})], clock.now())
        assert session.unsent
        assert read_rows(session, counted, {"kind": "Told"}).fetchone() == (2,)
        assert not session.unsent


def test_a_write_that_fails_at_commit_undoes_all_and_leaves_the_connection_usable(acme: Shop) -> None:
    nobodys = b"INSERT INTO event_deliveries (shop_id, event_id, subscriber) VALUES (%(shop)s, 0, 'x')"

    def publish_then_fail() -> None:
        with db.scoped(acme.id) as session:
            db.write_at_commit(session)
            publish_all(session, acme.id, [Event("Told", {})], clock.now())
            send(session, nobodys, {"shop": acme.id})

    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        publish_then_fail()
    with db.scoped(acme.id) as session:
        assert session.scalar(text("SELECT count(*) FROM domain_events")) == 0
