"""The stream of live events, asked as an ASGI server would."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import clock, crypto, db
from app.config import get_config
from app.live import channels, pages
from app.live.server import Stream, create_live, make_news
from app.models.shops import Shop
from app.queue import get_redis, redis_url


async def listen(
    ticket: str,
    *,
    meanwhile: Callable[[], Awaitable[None]] | None = None,
    wait_for: bytes = b"",
    last: str = "",
    since: str = "",
    when_said: Callable[[bytes], None] = lambda body: None,
) -> tuple[int, bytes]:
    """Status and everything that was sent until `wait_for` came, or the answer ended."""
    sent: list[dict[str, Any]] = []
    opened, heard, gone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        opened.set()
        when_said(message.get("body", b""))
        if wait_for and wait_for in message.get("body", b""):
            heard.set()

    scope = {"type": "http", "path": "/live", "query_string": f"ticket={ticket}&since={since}".encode()}
    scope["headers"] = [(b"last-event-id", last.encode())] if last else []
    stream = asyncio.ensure_future(create_live()(scope, receive, send))
    if meanwhile is not None:
        await asyncio.wait_for(opened.wait(), 60)
        await meanwhile()
        await asyncio.wait_for(heard.wait(), 60)
        gone.set()
    await asyncio.wait_for(stream, 60)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


def announce(shop: Shop, vendor_id: int | None = None) -> Callable[[], Awaitable[None]]:
    async def tell() -> None:
        def write() -> None:
            with db.scoped(shop.id) as session:
                channels.announce(session, shop.id, "VendorApproved", vendor_id)

        await asyncio.to_thread(write)

    return tell


def test_a_page_hears_what_happens_in_its_shop(acme: Shop) -> None:
    status, body = asyncio.run(
        listen(channels.shop_ticket(acme.id), meanwhile=announce(acme), wait_for=b"VendorApproved")
    )
    assert status == 200
    assert b"data: VendorApproved\n\n" in body


def test_a_vendor_hears_only_what_concerns_them(acme: Shop) -> None:
    async def both() -> None:
        await announce(acme, vendor_id=8)()
        await announce(acme, vendor_id=7)()

    _, body = asyncio.run(listen(channels.vendor_ticket(7), meanwhile=both, wait_for=b"VendorApproved"))
    assert body.count(b"VendorApproved") == 1


@pytest.mark.parametrize("ticket", ["", "x.y", "forged"])
def test_without_a_good_ticket_nothing_is_heard(database: str, ticket: str) -> None:
    assert asyncio.run(listen(ticket)) == (204, b"")


def test_a_ticket_for_something_else_opens_no_stream(database: str) -> None:
    other = crypto.sign_ticket({"ch": "live:shop:1"}, get_config().secret_keys, "another-purpose", seconds=60)
    assert asyncio.run(listen(other))[0] == 204


def test_what_was_rolled_back_is_not_announced(acme: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(channels, "_send", told.extend)

    def fail() -> None:
        with db.scoped(acme.id) as session:
            channels.announce(session, acme.id, "VendorApproved")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    assert told == []


async def nothing() -> None:
    """The page only listens."""


def number_of(body: bytes, nth: int = 0) -> str:
    found: list[bytes] = re.findall(rb"id: (\S+)\n", body)
    return found[nth].decode()


def say(shop: Shop, *kinds: str) -> None:
    with db.scoped(shop.id) as session:
        for kind in kinds:
            channels.announce(session, shop.id, kind)


def one_more(shop: Shop) -> Callable[[], Awaitable[None]]:
    async def tell() -> None:
        await asyncio.to_thread(say, shop, "PayoutSent")

    return tell


def test_a_page_that_was_cut_off_hears_what_it_missed_once_and_in_order(acme: Shop) -> None:
    ticket = channels.shop_ticket(acme.id)
    _, body = asyncio.run(listen(ticket, meanwhile=announce(acme), wait_for=b"VendorApproved"))
    say(acme, "OrderCreated", "PaymentReceived")
    _, after = asyncio.run(listen(ticket, meanwhile=one_more(acme), wait_for=b"PayoutSent", last=number_of(body)))
    assert re.findall(rb"data: (\w+)", after) == [b"OrderCreated", b"PaymentReceived", b"PayoutSent"]
    _, end = asyncio.run(listen(ticket, meanwhile=one_more(acme), wait_for=b"PayoutSent", last=number_of(after, -1)))
    assert re.findall(rb"data: (\w+)", end) == [b"PayoutSent"]


def test_what_happened_while_a_page_was_on_its_way_is_heard_when_it_opens(acme: Shop) -> None:
    ticket = channels.shop_ticket(acme.id)
    say(acme, "OrderCreated")
    _, body = asyncio.run(listen(ticket, meanwhile=announce(acme), wait_for=b"VendorApproved"))
    assert re.findall(rb"data: (\w+)", body) == [b"VendorApproved"], "it does not say when it was made"
    made_at = number_of(body).partition("-")[0]
    _, after = asyncio.run(listen(ticket, meanwhile=one_more(acme), wait_for=b"PayoutSent", since=made_at))
    assert re.findall(rb"data: (\w+)", after) == [b"VendorApproved", b"PayoutSent"]
    heard = number_of(after)
    _, end = asyncio.run(listen(ticket, meanwhile=one_more(acme), wait_for=b"PayoutSent", since=made_at, last=heard))
    assert re.findall(rb"data: (\w+)", end) == [b"PayoutSent", b"PayoutSent"], "what it heard last counts for more"


def test_a_page_that_was_made_too_long_ago_or_missed_too_much_looks_for_itself(acme: Shop) -> None:
    ticket, now = channels.shop_ticket(acme.id), int(time.time() * 1000)
    old = str(now - channels.KEPT_SECONDS * 1000 - 1)
    assert b"Resync" in asyncio.run(listen(ticket, meanwhile=nothing, wait_for=b"Resync", since=old))[1]
    say(acme, *(f"Event{number}" for number in range(channels.KEPT)))
    recent = str(now - 60_000)
    _, body = asyncio.run(listen(ticket, meanwhile=nothing, wait_for=b"Resync", since=recent))
    assert re.findall(rb"data: (\w+)", body) == [b"Resync"]


def test_a_page_says_when_it_was_made_by_the_clock_that_numbers_the_news(
    merchant: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.live.pages._clock", pages._RedisClock())
    monkeypatch.setattr("app.live.pages._PATIENCE_SECONDS", 10)
    monkeypatch.setattr("app.live.pages.time", SimpleNamespace(monotonic=time.monotonic, time=lambda: 0.0))
    began = redis_milliseconds()
    made_at = [int(re.findall(r'data-live-since="(\d+)"', merchant.get("/app/settings").text)[0]) for _ in range(2)]
    assert began - 10_000 < made_at[0] <= made_at[1] <= redis_milliseconds()


def test_a_redis_of_our_own_that_died_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    found: list[str] = [f"unix://{tmp_path}/nobody", redis_url()]
    monkeypatch.setattr("app.queue.get_config", lambda: SimpleNamespace(redis_url=None, var=tmp_path))
    monkeypatch.setattr("app.queue.embedded.start_redis", lambda var: found.pop(0))
    monkeypatch.setattr("app.live.pages._LOOK_EVERY_SECONDS", -1)
    monkeypatch.setattr("app.live.pages._PATIENCE_SECONDS", 10)
    request.addfinalizer(redis_url.cache_clear)
    redis_url.cache_clear()
    redis_clock = pages._RedisClock()
    for _ in range(3):
        redis_clock.read(time.monotonic())
    assert not found


def redis_milliseconds() -> int:
    seconds, millionths = get_redis().time()
    return int(seconds * 1000 + millionths // 1000)


def test_a_page_is_told_to_look_for_itself_when_what_it_missed_is_forgotten(acme: Shop) -> None:
    ticket = channels.shop_ticket(acme.id)
    _, body = asyncio.run(listen(ticket, meanwhile=announce(acme), wait_for=b"VendorApproved"))
    get_redis().flushdb()
    say(acme, "OrderCreated")
    _, after = asyncio.run(listen(ticket, meanwhile=nothing, wait_for=b"Resync", last=number_of(body)))
    assert re.findall(rb"data: (\w+)", after) == [b"Resync"]


def test_a_page_whose_last_number_is_from_the_future_still_hears_news(acme: Shop) -> None:
    """Redis was emptied and its clock set back: numbers begin anew, lower than what the page saw last."""
    ticket = channels.shop_ticket(acme.id)
    _, body = asyncio.run(listen(ticket, meanwhile=announce(acme), wait_for=b"VendorApproved", last="99999999999999-0"))
    assert body.index(b"Resync") < body.index(b"VendorApproved")


def test_a_page_that_does_not_read_is_told_to_look_for_itself() -> None:
    async def fill() -> bytes:
        stream = Stream()
        for number in range(102):
            stream.put(make_news(f"{number}-0", "OrderCreated"))
        return b"".join(news.text for news in await stream.take(1) or [])

    assert asyncio.run(fill()) == b"id: 100-0\ndata: Resync\n\nid: 101-0\ndata: OrderCreated\n\n"


def test_a_stream_ends_with_its_ticket(acme: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.live.server.HEARTBEAT_SECONDS", 0.01)
    later = timedelta(0)
    monkeypatch.setattr("app.live.server.clock", SimpleNamespace(now=lambda: clock.now() + later))

    def pass_time(body: bytes) -> None:
        nonlocal later
        if body == b": still here\n\n":
            later = timedelta(seconds=channels.TICKET_SECONDS + 1)

    status, body = asyncio.run(listen(channels.shop_ticket(acme.id), when_said=pass_time))
    assert status == 200
    assert body.endswith(b": still here\n\n")


def test_shoppers_hear_of_one_products_stock_and_of_nothing_else(acme: Shop) -> None:
    def change() -> None:
        with db.scoped(acme.id) as session:
            channels.announce(session, acme.id, "OrderCreated")
            channels.announce_stock(session, acme.id, 8, [{"variant": 80}])
            channels.announce_stock(session, acme.id, 7, [{"variant": 70}])

    async def meanwhile() -> None:
        await asyncio.to_thread(change)

    _, body = asyncio.run(listen(channels.stock_ticket(acme.id, 7), meanwhile=meanwhile, wait_for=b"variant"))
    assert re.findall(rb"data: (.+)\n", body) == [b'{"variants": [{"variant": 70}]}']
