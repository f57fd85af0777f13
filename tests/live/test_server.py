"""The stream of live events, asked as an ASGI server would."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app import crypto, db
from app.config import get_config
from app.live import channels
from app.live.server import create_live
from app.models.shops import Shop


async def listen(
    ticket: str, *, meanwhile: Callable[[], Awaitable[None]] | None = None, wait_for: bytes = b""
) -> tuple[int, bytes]:
    """Status and everything that was sent until `wait_for` came, or the answer ended."""
    sent: list[dict[str, Any]] = []
    heard, gone = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if wait_for and wait_for in message.get("body", b""):
            heard.set()

    scope = {"type": "http", "path": "/live", "query_string": f"ticket={ticket}".encode()}
    stream = asyncio.ensure_future(create_live()(scope, receive, send))
    if meanwhile is not None:
        await asyncio.sleep(0.3)
        await meanwhile()
        await asyncio.wait_for(heard.wait(), 5)
        gone.set()
    await asyncio.wait_for(stream, 5)
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
    told: list[str] = []
    monkeypatch.setattr(channels, "_send", lambda _channels, kind: told.append(kind))

    def fail() -> None:
        with db.scoped(acme.id) as session:
            channels.announce(session, acme.id, "VendorApproved")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    assert told == []
