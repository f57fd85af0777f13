"""Webhooks for which no thread waits: real signatures, a real database, and what takes the answer as granian's does."""

import inspect
import threading
import time
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from granian.server import mp
from sqlalchemy import text

from app import db
from tests.webhooks.sending import BODY, make_environ, not_ours, send
from webhooks import later
from webhooks.inbox import Arrival, Inbox, Refused, connect
from webhooks.intake import LARGEST_BODY, WebhookIntake

Answer = tuple[int, list[tuple[str, str]], bytes]


class Answers:
    """What takes answers, from any thread."""

    def __init__(self) -> None:
        self._given: SimpleQueue[Answer] = SimpleQueue()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self._given.put((status, headers, body))

    def next(self) -> Answer:
        return self._given.get(timeout=60)

    @property
    def none_yet(self) -> bool:
        return self._given.empty()


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def intake(database: str, unhurried_intake: None) -> WebhookIntake:
    return WebhookIntake(not_ours, Inbox(connect, lambda: None))


def take(intake: WebhookIntake, answers: Answers, body: bytes = BODY, *, method: str = "POST", **headers: str) -> None:
    intake.take(make_environ(body, method=method, **headers), answers.response_bytes)


def stored() -> list[str]:
    with db.system() as session:
        return [str(row[0]) for row in session.execute(text("SELECT event_id FROM inbox_events ORDER BY id")).all()]


class Door:
    """A way to the database that opens when told."""

    def __init__(self) -> None:
        self.open = threading.Event()

    def __call__(self) -> psycopg.Connection[Any]:
        self.open.wait(60)
        return connect()


def test_the_thread_goes_on_and_the_answer_comes_when_the_row_is_durable(
    database: str, answers: Answers, unhurried_intake: None
) -> None:
    door = Door()
    intake = WebhookIntake(not_ours, Inbox(door, lambda: None))
    for number in range(3):
        take(intake, answers, X_SHOPIFY_EVENT_ID=f"e{number}")
    assert answers.none_yet
    door.open.set()
    assert [answers.next()[0] for _ in range(3)] == [200, 200, 200]
    assert set(stored()) == {"e0", "e1", "e2"}, "by which writer each was taken nobody says"


@pytest.mark.parametrize(
    "headers",
    [
        {"X_SHOPIFY_HMAC_SHA256": "nonsense"},
        {"X_SHOPIFY_TOPIC": ""},
        {"LENGTH": str(LARGEST_BODY + 1)},
        {"method": "GET"},
        {},
    ],
)
def test_both_ways_give_the_same_answer(intake: WebhookIntake, answers: Answers, headers: dict[str, Any]) -> None:
    take(intake, answers, **headers)
    assert answers.next()[0] == send(intake, **headers)


def test_a_database_that_does_not_answer_is_not_waited_for_and_each_is_answered_once(
    database: str, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door()
    inbox = Inbox(door, lambda: None)
    intake = WebhookIntake(not_ours, inbox)
    with monkeypatch.context() as hurry:
        hurry.setattr("webhooks.inbox.ANSWER_WITHIN_SECONDS", 0)
        take(intake, answers, X_SHOPIFY_EVENT_ID="late")
        assert answers.next()[::2] == (503, b"not stored: the database does not answer")
        take(intake, answers, X_SHOPIFY_EVENT_ID="meanwhile")
        assert answers.next()[::2] == (503, b"not stored: too much is waiting")
    monkeypatch.setattr("webhooks.inbox.ANSWER_WITHIN_SECONDS", 30)
    door.open.set()
    until = time.monotonic() + 60
    while not _is_stored(inbox) and time.monotonic() < until:
        time.sleep(0.01)
    assert answers.none_yet


def _is_stored(inbox: Inbox) -> bool:
    """Through the other way: it waits, so the writer has stirred when it returns, or is told to come again."""
    try:
        inbox.store(Arrival("acme.myshopify.com", "orders/create", "w", "after", "", None, BODY))
    except Refused:
        return False
    return True


def test_without_a_database_the_answer_is_503_and_then_200(database: str, answers: Answers) -> None:
    away = [True]

    def sometimes() -> psycopg.Connection[Any]:
        if away[0]:
            raise psycopg.OperationalError("the database is away")
        return connect()

    intake = WebhookIntake(not_ours, Inbox(sometimes, lambda: None))
    take(intake, answers)
    assert answers.next()[0] == 503
    away[0] = False
    take(intake, answers)
    assert answers.next()[0] == 200


def test_an_answer_that_cannot_be_given_or_logged_costs_nobody_else_theirs(
    database: str, answers: Answers, unhurried_intake: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = [True]

    def sometimes() -> psycopg.Connection[Any]:
        if away[0]:
            raise psycopg.OperationalError("the database is away")
        return connect()

    def fail(*args: object, **rest: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("webhooks.inbox.log", SimpleNamespace(warning=fail))
    monkeypatch.setattr("webhooks.intake.log", SimpleNamespace(info=fail))
    intake = WebhookIntake(not_ours, Inbox(sometimes, lambda: None))
    for _ in range(4):  # more than there are writers
        take(intake, answers)
        assert answers.next()[0] == 503
    away[0] = False
    for number in range(3):
        intake.take(make_environ(BODY, X_SHOPIFY_EVENT_ID=f"gone{number}"), fail)
        take(intake, answers, X_SHOPIFY_EVENT_ID=f"e{number}")
        assert answers.next()[0] == 200


def test_no_more_waits_than_memory_has_room_for(
    database: str, answers: Answers, unhurried_intake: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.inbox._WAITING_BYTES_AT_MOST", 2 * len(BODY))
    monkeypatch.setattr("webhooks.inbox._BATCH_BYTES", 1)
    door = Door()
    intake = WebhookIntake(not_ours, Inbox(door, lambda: None))
    for number in range(9):
        take(intake, answers, X_SHOPIFY_EVENT_ID=f"e{number}")
    door.open.set()
    given = [answers.next()[0] for _ in range(9)]
    # Two fit, and the three writers may each have taken one meanwhile.
    assert 2 <= given.count(200) <= 5
    assert len(stored()) == given.count(200) == 9 - given.count(503)


def test_granian_hands_webhooks_to_the_intake_and_everything_else_to_wsgi(
    intake: WebhookIntake, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mp, later._PLACE, getattr(mp, later._PLACE))
    later.answer_later()
    call = getattr(mp, later._PLACE)(intake, {}, None)
    environ = make_environ(BODY)
    del environ["wsgi.input_terminated"]
    call(answers, environ)
    assert answers.next()[0] == 200
    call(answers, make_environ(BODY, path="/other"))
    assert answers.next() == (299, [], b"flask")


def test_granian_still_has_the_place_where_answers_can_be_given_later() -> None:
    """Without it webhooks are answered all the same, but a thread waits for each (webhooks/later.py)."""
    assert later._PLACE in inspect.unwrap(mp.MPServer._spawn_wsgi_worker).__code__.co_names
