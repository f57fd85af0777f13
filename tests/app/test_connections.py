"""Connections that wait in the pool."""

from sqlalchemy import NullPool, create_engine, text

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
