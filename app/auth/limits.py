"""How often something may be tried. Counted in Redis; when Redis is away the door stays open and says so in the log."""

import hashlib
from dataclasses import dataclass

import structlog
from redis.exceptions import RedisError

from app.queue import get_redis

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a window."""

    left: int
    """Below zero: how many tries were too many."""
    seconds: int
    """Until the next window begins."""


def allow(what: str, who: str, *, limit: int, seconds: int) -> bool:
    """Count one try of `what` by `who`; False once there were more than `limit` in a window of `seconds`."""
    return spend(what, who, limit=limit, seconds=seconds).left >= 0


def spend(what: str, who: str, *, limit: int, seconds: int) -> Allowance:
    """The same, saying what is left. With Redis away everything is."""
    # Addresses are personal data: only their hash is kept, and only for the window.
    key = f"limit:{what}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    try:
        pipe = get_redis().pipeline()
        pipe.set(key, 0, ex=seconds, nx=True)
        pipe.incr(key)
        pipe.ttl(key)
        _, count, left = pipe.execute()
    except RedisError as error:
        _log.warning("rate_limit_unreachable", what=what, error=str(error))
        return Allowance(limit, seconds)
    return Allowance(limit - int(count), max(1, int(left)))
