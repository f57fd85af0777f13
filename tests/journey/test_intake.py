"""What visitors do, as their pixels tell it: what is believed, and what is kept of it."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app import clock, db
from app.journey import intake, pixel, rules, service
from app.models.journey import Activity
from app.models.shops import Shop, ShopStatus
from tests.journey.conftest import Pixels


def held(shop: Shop) -> list[Activity]:
    with db.scoped(shop.id) as session:
        return list(session.scalars(select(Activity).order_by(Activity.kind, Activity.product_number)))


def test_what_happened_is_kept_once_however_often_it_is_told(pixels: Pixels, acme: Shop) -> None:
    events = [pixels.event("product_viewed", 7), pixels.event("checkout_started", 7, 8)]
    for _ in range(2):
        answer = pixels.send(*events)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Set-Cookie" not in answer.headers
    assert [(row.kind, row.product_number) for row in held(acme)] == [
        ("checkout_started", 7),
        ("checkout_started", 8),
        ("product_viewed", 7),
    ]


def test_a_visitor_is_the_same_all_day_and_another_one_the_next(pixels: Pixels, acme: Shop) -> None:
    noon = clock.now().replace(hour=12)
    key = b"k" * 32
    one = rules.visitor_of(key, acme.id, "browser-1", noon)
    assert one == rules.visitor_of(key, acme.id, "browser-1", noon + timedelta(hours=11))
    assert one != rules.visitor_of(key, acme.id, "browser-1", noon + timedelta(hours=12))
    assert one != rules.visitor_of(key, acme.id + 1, "browser-1", noon)
    pixels.tell("product_viewed", 7, client="browser-1")
    assert "browser-1" not in json.dumps([row.visitor for row in held(acme)])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("  Blue   MUG\n", "blue mug"), ("cleo@example.com", ""), ("call 030 1234567", ""), ("mug 300 ml", "mug 300 ml")],
)
def test_of_what_was_searched_for_nothing_is_kept_that_may_name_somebody(typed: str, kept: str) -> None:
    assert rules.searched_words(typed) == kept


def test_another_shops_ticket_or_none_is_not_heard(pixels: Pixels, acme: Shop, zenith: Shop) -> None:
    event = pixels.event("product_viewed", 7)
    account = pixel.make_settings(acme.id)["account"]
    for bad in ("", account[:-3] + "abc", f"{acme.id}.x"):
        assert pixels.send(event, account=bad).status_code == 403
    assert pixels.send(event, account=pixel.make_settings(zenith.id)["account"]).status_code == 204
    assert held(acme) == []
    assert len(held(zenith)) == 1


def test_a_body_in_chunks_which_names_no_length_is_not_read_to_its_end(pixels: Pixels) -> None:
    body = io.BytesIO(b" " * 1_000_000)
    in_chunks = {"wsgi.input_terminated": True, "wsgi.input": body}
    assert pixels.client.post("/pixel", environ_overrides=in_chunks).status_code == 400
    assert body.tell() < 100_000


def test_what_is_nested_too_deep_is_refused(pixels: Pixels) -> None:
    assert pixels.post(b"[" * 16_000 + b"]" * 16_000).status_code == 400


def test_a_shop_that_left_is_not_counted(pixels: Pixels, acme: Shop) -> None:
    with db.system() as session:
        session.execute(update(Shop).values(status=ShopStatus.UNINSTALLED))
    assert pixels.send(pixels.event("product_viewed", 7)).status_code == 404
    assert held(acme) == []


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "payment_info_submitted"},
        {"id": "short"},
        {"id": "x" * 65},
        {"products": [0]},
        {"products": [2**63]},
        {"products": list(range(1, 102))},
        {"words": "w" * 301},
        {"client": ""},
        {"at": "2026-11-20T09:00:00"},
        {"at": "yesterday"},
        {"found": -1},
    ],
)
def test_what_no_pixel_sends_is_refused(pixels: Pixels, acme: Shop, change: dict[str, Any]) -> None:
    assert pixels.send({**pixels.event("product_viewed", 7), **change}).status_code == 400
    assert held(acme) == []


def test_bodies_that_are_no_batch_are_refused(pixels: Pixels, acme: Shop) -> None:
    for body in (b"", b"null", b"{}", b"\xff\xfe", b'{"account":1,"events":[]}', b"[" * 5000):
        assert pixels.post(body).status_code == 400
    assert pixels.post(b" " * 40_000).status_code == 413
    assert pixels.send(*[pixels.event("product_viewed", 7)] * 51).status_code == 400


def test_events_of_another_day_or_from_the_future_are_left_out(pixels: Pixels, acme: Shop) -> None:
    now = clock.now()
    late, early = now - timedelta(days=2), now + timedelta(minutes=10)
    pixels.tell("product_viewed", 7, at=late)
    pixels.tell("product_viewed", 7, at=early)
    assert held(acme) == []


def test_a_flood_from_one_address_is_held_back(pixels: Pixels, acme: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "FROM_ONE_ADDRESS", 2)
    answers = [pixels.send(pixels.event("product_viewed", 7)).status_code for _ in range(4)]
    assert answers == [204, 204, 429, 429]
    assert len(held(acme)) == 2


def test_calls_that_name_many_products_are_held_back_by_what_they_would_store(
    pixels: Pixels, acme: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "FROM_ONE_ADDRESS", 150)
    big = [pixels.event("checkout_started", *range(1, 101)), pixels.event("checkout_started", *range(1, 101))]
    assert pixels.send(big[0]).status_code == 204
    assert pixels.send(big[1]).status_code == 429
    assert len(held(acme)) == 100


def test_what_visitors_did_is_forgotten_after_ninety_days(pixels: Pixels, acme: Shop) -> None:
    pixels.tell("product_viewed", 7)
    pixels.tell("product_viewed", 8)
    with db.scoped(acme.id) as session:
        old = update(Activity).where(Activity.product_number == 7)
        session.execute(old.values(received_at=clock.now() - timedelta(days=91)))
    assert service.remove_expired() == 1
    assert [row.product_number for row in held(acme)] == [8]
    assert service.remove_expired() == 0
