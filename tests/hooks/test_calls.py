"""Other systems hear what happens: signed, once for each event, and again until they answer."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app import clock, db, events
from app.config import get_config
from app.hooks import calls, rules, service
from app.models.hooks import CallState, Hook, HookCall
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor
from jobs import hooks, outbox
from tests.servers import served
from tests.shops.test_settings import browser as browser  # noqa: PLC0414 - the fixture


@dataclass
class Warehouse:
    """Another system: what it was told, and what it answers."""

    url: str = ""
    status: int = 200
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    told = Warehouse()

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(told.status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with served(Ear) as address:
        told.url = f"{address}/hooks"
        yield told


def add(shop: Shop, url: str, *kinds: str) -> tuple[int, str]:
    with db.scoped(shop.id) as session:
        hook, secret = service.add_hook(session, shop, url, kinds, actor="staff:1")
        return hook.id, secret


def happen(shop: Shop, vendor: Vendor) -> None:
    with db.scoped(shop.id) as session:
        events.publish(session, shop.id, "VendorApproved", vendor_id=vendor.id)
    outbox.deliver(shop.id)


def send_all(shop: Shop) -> None:
    with db.scoped(shop.id) as session:
        queued = select(HookCall.id).where(HookCall.state == CallState.QUEUED)
        waiting = session.scalars(queued.order_by(HookCall.id)).all()
    for call_id in waiting:
        hooks.send(shop.id, call_id)


def the_call(shop: Shop) -> HookCall:
    with db.scoped(shop.id) as session:
        return session.scalars(select(HookCall)).one()


def make_due(shop: Shop) -> None:
    with db.scoped(shop.id) as session:
        session.execute(update(HookCall).values(next_attempt_at=func.now()))


def test_an_event_reaches_the_address_signed_and_once(acme: Shop, ada: Vendor, warehouse: Warehouse) -> None:
    _, secret = add(acme, warehouse.url, "VendorApproved")
    happen(acme, ada)
    send_all(acme)
    outbox.replay(acme.id, "hooks", acme.installed_at)
    outbox.deliver(acme.id)
    send_all(acme)
    [(headers, body)] = warehouse.heard
    signed = rules.signature(secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == signed
    said = json.loads(body)
    assert (said["type"], said["data"]) == (
        "VendorApproved",
        {"shop": acme.domain, "vendor_id": ada.id, "vendor_handle": ada.handle},
    )
    assert (the_call(acme).state, the_call(acme).status) == (CallState.SENT, 200)


def test_nobody_hears_of_what_they_did_not_choose_nor_of_another_shop(
    acme: Shop, zenith: Shop, ada: Vendor, cy: Vendor, warehouse: Warehouse
) -> None:
    add(acme, warehouse.url, "PayoutSent")
    happen(acme, ada)
    happen(zenith, cy)
    send_all(acme)
    send_all(zenith)
    assert warehouse.heard == []


def test_a_call_that_fails_is_tried_again_with_the_same_id_until_it_is_answered(
    acme: Shop, ada: Vendor, warehouse: Warehouse
) -> None:
    add(acme, warehouse.url, "VendorApproved")
    happen(acme, ada)
    for status in (500, 302, 204):
        warehouse.status = status
        make_due(acme)
        send_all(acme)
    assert [headers["webhook-id"] for headers, _ in warehouse.heard] == [the_call(acme).message_id] * 3
    assert (the_call(acme).state, the_call(acme).attempts) == (CallState.SENT, 3)
    send_all(acme)
    assert len(warehouse.heard) == 3


def test_after_the_last_attempt_a_person_sends_it_again(
    acme: Shop, ada: Vendor, warehouse: Warehouse, browser: FlaskClient
) -> None:
    hook_id, _ = add(acme, warehouse.url, "VendorApproved")
    happen(acme, ada)
    warehouse.status = 503
    with db.scoped(acme.id) as session:
        session.execute(update(HookCall).values(attempts=len(rules.PAUSES)))
    send_all(acme)
    assert (the_call(acme).state, the_call(acme).error) == (CallState.FAILED, "It answered 503.")
    assert "It answered 503." in browser.get(f"/app/hooks/{hook_id}").text
    warehouse.status = 200
    assert browser.post(f"/app/hooks/calls/{the_call(acme).id}/again").status_code == 200
    assert browser.post(f"/app/hooks/calls/{the_call(acme).id}/again").status_code == 409
    send_all(acme)
    assert the_call(acme).state == CallState.SENT


def test_an_address_that_does_not_answer_at_all_keeps_nothing_else_waiting(
    acme: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(acme, "http://127.0.0.1:9/", "VendorApproved")
    for _ in range(3):
        happen(acme, ada)
    tried: list[str] = []

    def stay_silent(url: str, *_: Any) -> calls.Answer:
        tried.append(url)
        return calls.Answer(None, "timed out", 9)

    monkeypatch.setattr(calls, "post", stay_silent)
    send_all(acme)
    assert len(tried) == 1
    with db.scoped(acme.id) as session:
        attempts = session.scalars(select(HookCall.attempts).order_by(HookCall.id)).all()
        assert attempts == [1, 0, 0]
        session.execute(update(Hook).values(quiet_until=func.now()))
    make_due(acme)
    send_all(acme)
    assert len(tried) == 2


def test_settled_calls_are_kept_for_a_month(acme: Shop, ada: Vendor) -> None:
    add(acme, "http://127.0.0.1:9/", "VendorApproved")
    for _ in range(4):
        happen(acme, ada)
    with db.scoped(acme.id) as session:
        first, second, third, _ = session.scalars(select(HookCall).order_by(HookCall.id)).all()
        first.state, second.state = CallState.SENT, CallState.FAILED
        for call in (first, second, third):
            call.created_at = clock.now() - timedelta(days=31)
    assert (service.clean_up(), service.clean_up()) == (2, 0)


def test_two_workers_send_a_call_once(acme: Shop, ada: Vendor, warehouse: Warehouse) -> None:
    add(acme, warehouse.url, "VendorApproved")
    happen(acme, ada)
    call_id = the_call(acme).id
    workers = [threading.Thread(target=hooks.send, args=(acme.id, call_id)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(warehouse.heard) == 1


def test_an_address_that_is_gone_is_not_called_any_more(acme: Shop, ada: Vendor, warehouse: Warehouse) -> None:
    hook_id, _ = add(acme, warehouse.url, "VendorApproved")
    happen(acme, ada)
    warehouse.status = 410
    send_all(acme)
    with db.scoped(acme.id) as session:
        hook = session.get_one(Hook, hook_id)
        assert (hook.is_active, bool(hook.stopped_because)) == (False, True)
    happen(acme, ada)
    send_all(acme)
    assert len(warehouse.heard) == 1


def test_a_shop_that_has_left_calls_nobody(acme: Shop, ada: Vendor, warehouse: Warehouse) -> None:
    add(acme, warehouse.url, "VendorApproved")
    happen(acme, ada)
    with db.system() as session:
        session.get_one(Shop, acme.id).status = ShopStatus.UNINSTALLED
    send_all(acme)
    hooks.sweep()
    assert warehouse.heard == []


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:1/", "https://localhost:1/", "http://example.com/", "https://[::1]:1/"]
)
def test_in_production_nothing_beside_us_is_called(url: str, monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    config = replace(get_config(), app_url="https://market.example")
    monkeypatch.setattr(calls, "get_config", lambda: config)
    answer = calls.post(url, b"{}", {})
    assert answer.status is None
    assert re.search("not a public address|Only https", answer.error or "")


def test_the_page_adds_shows_the_secret_once_tests_pauses_and_removes(
    acme: Shop, browser: FlaskClient, warehouse: Warehouse, ada: Vendor
) -> None:
    form = {"url": warehouse.url, "kinds": ["VendorApproved"]}
    assert browser.post("/app/hooks", data={"url": "ftp://x", "kinds": ["VendorApproved"]}).status_code == 422
    assert browser.post("/app/hooks", data={"url": warehouse.url}).status_code == 422
    assert "copy.js" in browser.get("/app/hooks").text, "its answer is put into this page"
    assert 'data-copy="secret"' in browser.post("/app/hooks", data=form).text
    with db.scoped(acme.id) as session:
        hook_id = session.scalars(select(Hook.id)).one()
    assert "whsec_" not in browser.get(f"/app/hooks/{hook_id}").text
    assert "A test is on its way" in browser.post(f"/app/hooks/{hook_id}/test").headers["HX-Trigger"]
    send_all(acme)
    assert json.loads(warehouse.heard[0][1])["type"] == "Test"
    browser.post(f"/app/hooks/{hook_id}/pause")
    happen(acme, ada)
    send_all(acme)
    assert len(warehouse.heard) == 1
    assert "Paused" in browser.get("/app/hooks").text
    assert browser.post(f"/app/hooks/{hook_id}/remove").status_code == 200
    with db.scoped(acme.id) as session:
        assert session.scalars(select(HookCall)).all() == []


@pytest.mark.parametrize("seconds", [0.3, 0], ids=["on the way", "time was up before there was a connection"])
def test_an_answer_that_comes_letter_by_letter_is_cut_off(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each letter is in time, the whole never is: such an address would keep the worker from everybody's e-mails."""
    monkeypatch.setattr(calls, "_ALTOGETHER_SECONDS", seconds)
    cut = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            line, _ = server.accept()
            with line:
                line.recv(65536)
                for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 200 + b"\r\n\r\n":
                    try:
                        line.sendall(bytes([letter]))
                    except OSError:
                        cut.set()
                        return
                    time.sleep(0.02)

        thread = threading.Thread(target=drip)
        thread.start()
        answer = calls.post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
        thread.join()
    assert (answer.status, cut.is_set()) == (None, True)
    assert answer.error


def test_an_address_that_answers_slowly_rests_before_its_next_call(
    acme: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(acme, "http://127.0.0.1:9/", "VendorApproved")
    heard: list[bytes] = []

    def answer_slowly(_url: str, body: bytes, _headers: dict[str, str]) -> calls.Answer:
        heard.append(body)
        return calls.Answer(200, None, 9000)

    monkeypatch.setattr(calls, "post", answer_slowly)
    for _ in range(2):
        happen(acme, ada)
        send_all(acme)
    assert len(heard) == 1
