"""Telling open pages that something changed, after the change is durable. A page that misses it is merely not fresh.

Each announcement is published to whoever listens now and kept for a few minutes for whoever was cut off: the number it
gets in the channel's log is the `id` of the server-sent event, and a page that comes back names the last one it saw.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from app import crypto
from app.config import get_config
from app.db import after_commit
from app.queue import get_redis

PURPOSE: Final = "live"
TICKET_SECONDS: Final = 600
"""Of a person's: whoever is let out hears no longer that something happened. (What happened is never said.)"""
PUBLIC_SECONDS: Final = 3600
KEPT: Final = 100
"""Announcements that a channel's log holds at least."""
KEPT_SECONDS: Final = 900
"""Longer than a ticket is good for: who comes back with a new one is told what was missed in between."""
_WAITING: Final = "announcements"

# One step: numbers must rise in the order of publishing, or a page that comes back would be told less than it missed.
_ANNOUNCE: Final = """
for place, log in ipairs(KEYS) do
    local channel, data = ARGV[place * 2 + 1], ARGV[place * 2 + 2]
    local id = redis.call('XADD', log, 'MAXLEN', '~', ARGV[1], '*', 'data', data)
    redis.call('EXPIRE', log, ARGV[2])
    redis.call('PUBLISH', channel, cjson.encode({id = id, data = data}))
end
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pass:
    """What a ticket lets its holder hear, and until when (seconds since 1970)."""

    channel: str
    until: float


def shop_channel(shop_id: int) -> str:
    """What the shop's staff may hear."""
    return f"live:shop:{shop_id}"


def vendor_channel(vendor_id: int) -> str:
    """What one vendor may hear."""
    return f"live:vendor:{vendor_id}"


def stock_channel(shop_id: int, product_number: int) -> str:
    """What everybody may hear of one product that is on sale, by Shopify's number."""
    return f"live:stock:{shop_id}:{product_number}"


def log_of(channel: str) -> str:
    """The Redis stream that keeps what was announced on a channel."""
    return f"log:{channel}"


def is_vendors(channel: str) -> bool:
    return channel.startswith("live:vendor:")


def is_public(channel: str) -> bool:
    """Whether pages of other sites, such as the storefront, may listen."""
    return channel.startswith("live:stock:")


def announce(session: Session, shop_id: int, kind: str, vendor_id: int | None = None) -> None:
    """After commit, tell the shop's open pages, and those of the vendor concerned, that `kind` happened. Ids only."""
    _tell(session, shop_channel(shop_id), kind)
    if vendor_id is not None:
        _tell(session, vendor_channel(vendor_id), kind)


def announce_stock(session: Session, shop_id: int, product_number: int, variants: Sequence[Mapping[str, Any]]) -> None:
    """After commit, tell open product pages what they may say of the product's variants."""
    _tell(session, stock_channel(shop_id, product_number), json.dumps({"variants": variants}))


def tell_now(session: Session) -> None:
    """Tell at once what `announce` keeps for the commit: of what is durable by itself, and must not be left untold."""
    _send(session.info.pop(_WAITING, {}))


def shop_ticket(shop_id: int) -> str:
    """A signed pass, good for ten minutes, to listen as the shop's staff."""
    return _sign(shop_channel(shop_id), TICKET_SECONDS)


def vendor_ticket(vendor_id: int) -> str:
    """A signed pass, good for ten minutes, to listen as a vendor."""
    return _sign(vendor_channel(vendor_id), TICKET_SECONDS)


def stock_ticket(shop_id: int, product_number: int) -> str:
    """A signed pass, good for an hour, to listen to one product's stock."""
    return _sign(stock_channel(shop_id, product_number), PUBLIC_SECONDS)


def find_pass(ticket: str) -> Pass | None:
    """What a ticket is for, or None when it is forged, foreign or too old."""
    claims = crypto.read_ticket(ticket, get_config().secret_keys, PURPOSE)
    return Pass(str(claims["ch"]), float(claims["exp"])) if claims else None


def _sign(channel: str, seconds: int) -> str:
    return crypto.sign_ticket({"ch": channel}, get_config().secret_keys, PURPOSE, seconds=seconds)


def _tell(session: Session, channel: str, data: str) -> None:
    """Once each, in the order of the last time, and all of a transaction's announcements in one round trip."""
    waiting: dict[tuple[str, str], None] = session.info.setdefault(_WAITING, {})
    waiting.pop((channel, data), None)
    waiting[channel, data] = None
    after_commit(session, lambda: _send(session.info.pop(_WAITING, {})), once=_WAITING)


def _send(announcements: Collection[tuple[str, str]]) -> None:
    if not announcements:
        return
    logs = [log_of(channel) for channel, _ in announcements]
    told = [text for announcement in announcements for text in announcement]
    try:
        get_redis().eval(_ANNOUNCE, len(logs), *logs, KEPT, KEPT_SECONDS, *told)
    except RedisError as error:
        log.warning("live_unreachable", error=str(error))
