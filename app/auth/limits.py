"""How often something may be tried. Counted in Redis; when Redis is away the door stays open and says so in the log."""

import hashlib

import structlog
from redis.exceptions import RedisError

from app.queue import get_redis

_log = structlog.get_logger(__name__)


def allow(what: str, who: str, *, limit: int, seconds: int) -> bool:
    """Count one try of `what` by `who`; False once there were more than `limit` in a window of `seconds`."""
    # Addresses are personal data: only their hash is kept, and only for the window.
    key = f"limit:{what}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    try:
        pipe = get_redis().pipeline()
        pipe.set(key, 0, ex=seconds, nx=True)
        pipe.incr(key)
        count = int(pipe.execute()[1])
    except RedisError as error:
        _log.warning("rate_limit_unreachable", what=what, error=str(error))
        return True
    return count <= limit
