"""Connections that wait in the pool."""

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from app import db


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
