"""Where an open page listens."""

import threading
import time

import structlog
from flask import g
from redis import Redis
from redis.exceptions import RedisError

from app.config import get_config
from app.live.channels import shop_ticket, stock_ticket, vendor_ticket
from app.queue import redis_url

_LOOK_EVERY_SECONDS = 60.0
_PATIENCE_SECONDS = 0.2
"""A page that waits for nothing else of Redis's does not wait for this."""
log = structlog.get_logger()


class _RedisClock:
    """Redis numbers announcements by its own clock, and ours may be set, or jump: looked up once a minute, it is kept
    as a distance from this machine's monotonic clock, which does neither.
    """

    def __init__(self) -> None:
        self._looking = threading.Lock()
        self._looked_at: float | None = None
        self._distance = 0.0

    def read(self, moment: float) -> float:
        """Seconds since 1970 by Redis's clock at a `moment` of time.monotonic(): not later than it was, and earlier by
        no more than an answer takes.
        """
        now = time.monotonic()
        is_old = self._looked_at is None or now - self._looked_at > _LOOK_EVERY_SECONDS
        # Only the first of all waits for somebody else's look.
        if is_old and self._looking.acquire(blocking=self._looked_at is None):
            try:
                self._look(now)
            finally:
                self._looking.release()
        return self._distance + moment

    def _look(self, now: float) -> None:
        if self._looked_at is not None and now - self._looked_at <= _LOOK_EVERY_SECONDS:
            return  # another one has just looked
        waits = {"socket_timeout": _PATIENCE_SECONDS, "socket_connect_timeout": _PATIENCE_SECONDS}
        try:
            with Redis.from_url(redis_url(), **waits) as redis:
                seconds, millionths = redis.time()
            self._distance = seconds + millionths / 1_000_000 - time.monotonic()
        except RedisError as error:
            # Nothing is announced meanwhile. A server of our own that died is started by the next look.
            redis_url.cache_clear()
            log.warning("live_clock_unreachable", error=str(error))
            self._distance = time.time() - time.monotonic()
        self._looked_at = time.monotonic()


_clock = _RedisClock()


def live_url() -> str:
    """The stream of whoever is signed in: a vendor's own, or the shop's for its staff."""
    vendor = g.get("vendor")
    ticket = vendor_ticket(vendor.id) if vendor else shop_ticket(g.shop.id)
    return f"{get_config().live_url}?ticket={ticket}"


def live_since() -> int:
    """When this page began to be made, in milliseconds since 1970: what happens from then on it does not show yet."""
    return int(_clock.read(g.began) * 1000)


def stock_url(shop_id: int, product_number: int) -> str:
    """The stream of one product's stock, for its page in the storefront."""
    return f"{get_config().live_url}?ticket={stock_ticket(shop_id, product_number)}"
