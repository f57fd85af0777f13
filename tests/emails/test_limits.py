"""The provider has too much to do: its e-mails wait as long as it asks, and lose no attempt by it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import update

from app import clock, db
from app.config import get_config
from app.emails import service
from app.emails.service import queue_email
from app.models.emails import Email, EmailStatus
from app.models.shops import Shop
from app.queue import get_redis
from tests.servers import served


class Busy(BaseHTTPRequestHandler):
    """Resend, with one answer to everything."""

    status, retry_after = 429, "90"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"statusCode": %d, "name": "rate_limit_exceeded", "message": "Too many requests"}' % self.status
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", self.retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Busy]]:
    with served(Busy) as address:
        monkeypatch.setattr("app.emails.service.get_config", lambda: replace(get_config(), resend_api_url=address))
        yield Busy


@pytest.fixture
def email(shop: Shop) -> Email:
    with db.scoped(shop.id) as session:
        made = queue_email(session, shop.id, "vendor_welcome", "ada@example.com", {"vendor_name": "A"}, dedupe_key="t")
        return session.get_one(Email, made)


def send(email: Email) -> Email:
    service.send(email.shop_id, email.id)
    with db.scoped(email.shop_id) as session:
        return session.get_one(Email, email.id)


def test_links_that_somebody_waits_for_stand_in_a_queue_of_their_own_first_come_first_served(shop: Shop) -> None:
    asked = {"vendor_name": "A", "link": "https://a.example", "link_lasts": 15}
    kinds = ["vendor_magic_link", "vendor_welcome", "customer_question_confirm"] * 2
    with db.scoped(shop.id) as session:
        numbers = [
            queue_email(session, shop.id, kind, "a@example.com", asked, dedupe_key=f"one:{place}")
            for place, kind in enumerate(kinds)
        ]

    def rung(queue: str) -> list[int]:
        return [job.args[1] for job in Queue(queue, connection=get_redis(), serializer=JSONSerializer).jobs]

    links = [numbers[0], numbers[3]]
    others = [number for number in numbers if number not in links]
    assert (rung("links"), rung("emails")) == (links, others)
    get_redis().flushdb()
    with db.system() as session:
        session.execute(update(Email).values(created_at=clock.now() - timedelta(minutes=1)))
    assert service.sweep() == len(kinds)
    assert (rung("links"), rung("emails")) == (links, others)


def test_an_email_that_is_one_too_many_waits_as_long_as_it_is_told_and_loses_no_attempt(email: Email) -> None:
    began = clock.now()
    after = send(email)
    assert (after.status, after.attempts) == (EmailStatus.QUEUED, 0)
    assert after.next_attempt_at is not None
    assert began + timedelta(seconds=90) <= after.next_attempt_at <= clock.now() + timedelta(seconds=135)
    assert "Too many" in str(after.error)
    assert send(email).next_attempt_at == after.next_attempt_at, "it is not tried before"


@pytest.mark.parametrize("said", ["", "Fri, 31 Dec 2027 23:59:59 GMT", "-1", "999999999999"])
def test_whatever_else_it_says_the_pause_is_sane(email: Email, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Busy, "retry_after", said)
    began = clock.now()
    after = send(email)
    assert after.next_attempt_at is not None
    assert began + timedelta(seconds=20) <= after.next_attempt_at <= clock.now() + timedelta(minutes=90)


def test_the_longer_it_has_waited_the_longer_it_waits(email: Email, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Busy, "retry_after", "1")
    with db.scoped(email.shop_id) as session:
        session.execute(update(Email).values(created_at=clock.now() - timedelta(minutes=40)))
    began = clock.now()
    after = send(email)
    assert after.next_attempt_at is not None
    assert began + timedelta(minutes=10) <= after.next_attempt_at <= clock.now() + timedelta(minutes=16)


def test_after_three_days_it_counts_and_ends(email: Email) -> None:
    with db.scoped(email.shop_id) as session:
        values = {"created_at": clock.now() - timedelta(days=3), "attempts": service.MAX_ATTEMPTS - 1}
        session.execute(update(Email).values(values))
    assert send(email).status == EmailStatus.FAILED


def test_a_provider_that_fails_is_asked_again_no_sooner_than_it_says(
    email: Email, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Busy, "status", 503)
    began = clock.now()
    after = send(email)
    assert (after.attempts, after.status) == (1, EmailStatus.QUEUED)
    assert after.next_attempt_at is not None
    assert after.next_attempt_at >= began + timedelta(seconds=90)
