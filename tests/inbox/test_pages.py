"""The events page: finding one among many, seeing what became of it, and having many handled again."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select, update

from app import clock, db
from app.models.events import InboxEvent, InboxState, Look, LookKind
from app.models.shops import Shop
from app.queue import get_redis
from jobs import events
from tests.shops.test_settings import browser as browser  # noqa: PLC0414 - the fixture
from webhooks.resources import name_resource


def receive(shop: Shop, topic: str, body: bytes, event_id: str, **facts: object) -> int:
    with db.system() as session:
        row = InboxEvent(shop_domain=shop.domain, shop_id=shop.id, topic=topic, event_id=event_id)
        row.webhook_id = f"delivery-of-{event_id}"
        row.body = body
        for name, value in facts.items():
            setattr(row, name, value)
        session.add(row)
        session.flush()
        return row.id


def states(shop: Shop) -> dict[str, str]:
    with db.scoped(shop.id) as session:
        return {row.event_id: row.state.value for row in session.scalars(select(InboxEvent))}


@pytest.mark.parametrize(
    ("topic", "body", "name"),
    [
        ("orders/create", b'{"id": 5001, "name": "#1001", "email": "mia@example.com"}', "order 5001 #1001"),
        ("orders/edited", b'{"order_edit": {"id": 1, "order_id": 5001}}', "order 5001"),
        ("refunds/create", b'{"id": 9, "order_id": 5001}', "order 5001"),
        ("fulfillments/update", b'{"id": 9, "order_id": 5001, "name": "#1001.1"}', "order 5001"),
        ("products/update", b'{"id": 17, "title": "Mug {} blue"}', "product 17 Mug {} blue"),
        ("products/delete", b'{"id": 17}', "product 17"),
        ("metaobjects/update", b'{"id": "gid://x/1", "handle": "ada"}', "vendor ada"),
        ("shop/update", b'{"id": 1, "name": "Acme"}', None),
        ("orders/create", b'{"id": [1]}', None),
        ("orders/create", b"\xff", None),
    ],
)
def test_an_event_is_named_after_what_it_is_about(topic: str, body: bytes, name: str | None) -> None:
    assert name_resource(topic, body) == name


def test_events_are_found_by_what_they_are_about_and_when_they_came(browser: FlaskClient, acme: Shop) -> None:
    failed = receive(acme, "refunds/create", b'{"id": 9, "order_id": 5001}', "e1")
    old = receive(acme, "shop/update", b"{}", "e2", received_at=clock.now() - timedelta(days=2))
    events.drain()
    wanted = {"q=order+5001": {failed}, "q=delivery-of-e2": {old}, "period=day": {failed}, "period=week": {failed, old}}
    for query, found in wanted.items():
        page = browser.get(f"/app/events?{query}").text
        assert {row for row in (failed, old) if f'href="/app/events/{row}"' in page} == found, query
    page = browser.get(f"/app/events/{failed}").text
    assert "order 5001" in page
    assert "delivery-of-e1" in page, "what Shopify's own log of deliveries names"


def test_stuck_events_come_first_and_are_replayed_together(browser: FlaskClient, acme: Shop) -> None:
    for number in range(12):
        receive(acme, "shop/update", b"{}", f"dead-{number}", state=InboxState.DEAD, error="broken", attempts=10)
    receive(acme, "shop/update", b"{}", "fine", state=InboxState.DONE, handled_at=clock.now())
    page = browser.get("/app/events").text
    assert "12 events are stuck" in page
    assert page.index("12 events are stuck") < page.index("Events that Shopify sent")
    answer = browser.post("/app/events/replay", data={"stuck": "yes"})
    assert "No event fits" not in answer.text, "they are seen waiting"
    assert (answer.status_code, "12 events are handled again" in answer.headers["HX-Trigger"]) == (200, True)
    assert {state for name, state in states(acme).items() if name != "fine"} == {"received"}
    assert states(acme)["fine"] == "done"
    assert get_redis().llen("rq:queue:events") == 1


def test_replaying_without_saying_what_is_refused(browser: FlaskClient, acme: Shop) -> None:
    receive(acme, "shop/update", b"{}", "fine", state=InboxState.DONE)
    assert browser.post("/app/events/replay").status_code == 409
    assert states(acme) == {"fine": "done"}


def test_nobody_replays_another_shops_events(browser: FlaskClient, acme: Shop, zenith: Shop) -> None:
    theirs = receive(zenith, "shop/update", b"{}", "theirs", state=InboxState.DEAD)
    browser.post("/app/events/replay?state=dead")
    assert browser.post(f"/app/events/{theirs}/replay").status_code == 404
    assert states(zenith) == {"theirs": "dead"}


def test_the_page_says_what_the_last_comparison_found(browser: FlaskClient, acme: Shop) -> None:
    assert browser.post("/app/events/reconcile").status_code == 200
    with db.scoped(acme.id) as session:
        assert len(session.scalars(select(Look)).all()) == len(LookKind)
        session.execute(update(Look).values(finished_at=clock.now(), looked_at=7, missed=2))
    page = browser.get("/app/events").text
    assert "7 looked at, 2 had been missed" in page
    rung = [job.description for job in Queue("catalogue", connection=get_redis(), serializer=JSONSerializer).jobs]
    called = ("jobs.reconciliation.reconcile", "jobs.shops.read_profile")
    assert rung == [f"{job}({acme.id})" for job in called], "the shop itself is compared as well"


def test_monitoring_sees_how_long_each_topic_takes(browser: FlaskClient, acme: Shop) -> None:
    receive(acme, "shop/update", b'{"id": 1, "name": "Acme", "myshopify_domain": "acme.myshopify.com"}', "e1")
    events.drain()
    numbers = browser.get("/metrics").text
    assert 'stallkeeper_webhook_latency_seconds{quantile="0.99",topic="shop/update"}' in numbers
    assert 'stallkeeper_webhooks_handled_lately{topic="shop/update"} 1.0' in numbers
    assert "stallkeeper_webhooks_deduplicated_total" in numbers
    assert 'stallkeeper_oldest_seconds{what="inbox"}' in numbers


def test_when_the_stocks_location_closes_another_is_looked_for(acme: Shop) -> None:
    with db.system() as session:
        session.get_one(Shop, acme.id).location_gid = "gid://shopify/Location/7"
    receive(acme, "locations/deactivate", b'{"id": 8}', "other")
    events.drain()
    with db.system() as session:
        assert session.get_one(Shop, acme.id).location_gid == "gid://shopify/Location/7"
    receive(acme, "locations/delete", b'{"id": 7}', "ours")
    events.drain()
    with db.system() as session:
        assert session.get_one(Shop, acme.id).location_gid is None
    assert get_redis().llen("rq:queue:catalogue") == 1


def test_the_time_that_a_replayed_event_took_counts_from_the_replay(browser: FlaskClient, acme: Shop) -> None:
    row = receive(acme, "products/delete", b'{"id": 17}', "e1", received_at=clock.now() - timedelta(hours=3))
    events.drain()
    assert "180 min" in browser.get("/app/events").text
    browser.post(f"/app/events/{row}/replay")
    events.drain()
    assert states(acme) == {"e1": "done"}
    assert " min</s-table-cell>" not in browser.get("/app/events").text
