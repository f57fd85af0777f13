"""Telling open pages that something changed, after the change is durable. A page that misses it is merely not fresh."""

import json
from typing import Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from app import crypto
from app.config import get_config
from app.db import after_commit
from app.queue import get_redis

PURPOSE: Final = "live"
TICKET_SECONDS: Final = 12 * 3600

log = structlog.get_logger()


def shop_channel(shop_id: int) -> str:
    """What the shop's staff may hear."""
    return f"live:shop:{shop_id}"


def vendor_channel(vendor_id: int) -> str:
    """What one vendor may hear."""
    return f"live:vendor:{vendor_id}"


def announce(session: Session, shop_id: int, kind: str, vendor_id: int | None = None) -> None:
    """After commit, tell the shop's open pages, and those of the vendor concerned, that `kind` happened. Ids only."""
    channels = [shop_channel(shop_id)] + ([vendor_channel(vendor_id)] if vendor_id is not None else [])
    after_commit(session, lambda: _send(channels, kind))


def shop_ticket(shop_id: int) -> str:
    """A signed pass, good for half a day, to listen as the shop's staff."""
    return crypto.sign_ticket({"ch": shop_channel(shop_id)}, get_config().secret_keys, PURPOSE, seconds=TICKET_SECONDS)


def vendor_ticket(vendor_id: int) -> str:
    """A signed pass, good for half a day, to listen as a vendor."""
    claims = {"ch": vendor_channel(vendor_id)}
    return crypto.sign_ticket(claims, get_config().secret_keys, PURPOSE, seconds=TICKET_SECONDS)


def find_channel(ticket: str) -> str | None:
    """The channel that a ticket is for, or None when it is forged, foreign or too old."""
    claims = crypto.read_ticket(ticket, get_config().secret_keys, PURPOSE)
    return str(claims["ch"]) if claims else None


def _send(channels: list[str], kind: str) -> None:
    try:
        for channel in channels:
            get_redis().publish(channel, json.dumps({"kind": kind}))
    except RedisError as error:
        log.warning("live_unreachable", error=str(error))
