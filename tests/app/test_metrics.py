"""Numbers for monitoring: everybody's, for those who may read them."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app import clock, db, health, metrics
from app.config import get_config
from app.events import MAX_ATTEMPTS
from app.models.events import DomainEvent, EventDelivery
from app.models.shops import Shop
from jobs import events
from tests.apps import get_app


@pytest.fixture
def monitor(database: str) -> FlaskClient:
    return get_app().test_client()


def test_each_process_adds_its_counters_under_its_name(monitor: FlaskClient) -> None:
    events.HANDLED.labels("shop/update", "done").inc()
    for title in ("web-a-1", "worker-events-a-2"):
        metrics.publish_once(title)
    page = monitor.get("/metrics").text
    for title in ("web-a-1", "worker-events-a-2"):
        assert f'stallkeeper_webhooks_handled_total{{outcome="done",process="{title}",topic="shop/update"}}' in page
    assert page.count("# TYPE stallkeeper_webhooks_handled_total counter") == 1


def test_what_subscribers_have_still_to_hear_and_what_is_stuck_is_counted(acme: Shop, monitor: FlaskClient) -> None:
    with db.scoped(acme.id) as session:
        event = DomainEvent(shop_id=acme.id, kind="BellRung", subject={}, occurred_at=clock.now() - timedelta(hours=1))
        session.add(event)
        session.flush()
        for subscriber, attempts in (("first", 0), ("second", MAX_ATTEMPTS)):
            made = EventDelivery(shop_id=acme.id, event_id=event.id, subscriber=subscriber, attempts=attempts)
            session.add(made)
    page = monitor.get("/metrics").text
    assert 'stallkeeper_waiting{what="deliveries"} 1.0' in page
    assert 'stallkeeper_waiting{what="deliveries_stuck"} 1.0' in page
    oldest = re.search(r'stallkeeper_oldest_seconds{what="deliveries"} ([\d.]+)', page)
    assert oldest
    assert 3600 <= float(oldest[1]) < 3700


def test_the_numbers_are_for_this_machine_alone_unless_a_token_is_set(monitor: FlaskClient) -> None:
    assert monitor.get("/metrics").status_code == 200
    assert monitor.get("/metrics", environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 403
    # A proxy on this machine passes on requests of the whole world.
    assert monitor.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 403


def test_with_a_token_only_its_holder_reads_the_numbers(monitor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(get_config(), metrics_token="s3cret")
    monkeypatch.setattr(health, "get_config", lambda: config)
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer s3crét"}):
        assert monitor.get("/metrics", headers=headers).status_code == 403
    remote = {"REMOTE_ADDR": "10.0.0.9"}
    answer = monitor.get("/metrics", headers={"Authorization": "Bearer s3cret"}, environ_base=remote)
    assert answer.status_code == 200
