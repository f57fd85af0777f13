"""An index is made while everybody goes on writing, and again when its making was cut off."""

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import NullPool, create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from app import db
from migrations.indexes import create_index

IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_notes_words')"
IS_MAKING = "SELECT 1 FROM pg_stat_progress_create_index"
IS_WAITING = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%stallkeeper:migrate%' AND pid <> pg_backend_pid()"


@pytest.fixture
def notes(database: str) -> Iterator[psycopg.Connection]:
    """A connection beside a table that is in use."""
    with connect(database) as connection:
        connection.execute("CREATE TABLE notes (words text)")
        yield connection
        connection.execute("DROP TABLE notes")


def connect(url: str) -> psycopg.Connection:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True, options="-c lock_timeout=5s")


def play(url: str) -> None:
    """As `stallkeeper migrate` plays a migration; given up when it takes far too long."""
    patience = {"options": "-c statement_timeout=30s"}
    with create_engine(url, poolclass=NullPool, connect_args=patience).connect() as connection:
        context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
        with context.begin_transaction(_per_migration=True), Operations.context(context):
            create_index("ix_notes_words", "notes", ["words"])


def wait_until(connection: psycopg.Connection, question: str) -> None:
    for _ in range(600):
        if connection.execute(question).fetchone():
            return
        time.sleep(0.05)
    pytest.fail(question)


def test_others_write_while_an_index_is_made(database: str, notes: psycopg.Connection) -> None:
    making = threading.Thread(target=play, args=(database,))
    with connect(database) as slow, connect(database) as quick:
        slow.execute("BEGIN")
        slow.execute("INSERT INTO notes VALUES ('first')")
        making.start()
        wait_until(notes, IS_MAKING)
        quick.execute("INSERT INTO notes VALUES ('second')")
        slow.execute("COMMIT")
    making.join()
    assert notes.execute(IS_VALID).fetchone() == (True,)


def test_a_making_that_was_killed_is_made_again(database: str, notes: psycopg.Connection) -> None:
    def cut_off() -> None:
        with pytest.raises(SQLAlchemyError):
            play(database)

    making = threading.Thread(target=cut_off)
    with connect(database) as slow:
        slow.execute("BEGIN")
        slow.execute("INSERT INTO notes VALUES ('first')")
        making.start()
        wait_until(notes, IS_MAKING)
        notes.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index")
        making.join()
        slow.execute("COMMIT")
    assert notes.execute(IS_VALID).fetchone() == (False,)
    play(database)
    assert notes.execute(IS_VALID).fetchone() == (True,)


def test_a_program_that_waits_to_migrate_holds_up_no_index(database: str, notes: psycopg.Connection) -> None:
    """PostgreSQL makes an index once every statement has ended that began before, and this one waits for that index."""
    waiting = threading.Thread(target=db.migrate, args=(database,))
    notes.execute("SELECT pg_advisory_lock(hashtext('stallkeeper:migrate'))")
    waiting.start()
    wait_until(notes, IS_WAITING)
    play(database)
    notes.execute("SELECT pg_advisory_unlock(hashtext('stallkeeper:migrate'))")
    waiting.join()
    assert notes.execute(IS_VALID).fetchone() == (True,)
