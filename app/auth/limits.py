"""How often something may be tried. Counted in Redis; when that is away, in PostgreSQL: no door opens because of it."""

import hashlib
from dataclasses import dataclass
from typing import Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy import text

from app import db
from app.queue import get_redis

_COUNT: Final = text("""
    INSERT INTO tries (key, count, ends_at) VALUES (:key, :tries, clock_timestamp() + make_interval(secs => :seconds))
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN tries.ends_at > clock_timestamp() THEN tries.count + :tries ELSE :tries END,
        ends_at = CASE WHEN tries.ends_at > clock_timestamp() THEN tries.ends_at ELSE excluded.ends_at END
    RETURNING count, extract(epoch FROM ends_at - clock_timestamp())
""")
_FORGET: Final = text("DELETE FROM tries WHERE ends_at < clock_timestamp() - interval '1 minute'")
_DROP: Final = text("DELETE FROM tries WHERE key = :key")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a window."""

    left: int
    """Below zero: how many tries were too many."""
    seconds: int
    """Until the next window begins."""


def allow(what: str, who: str, *, limit: int, seconds: int, tries: int = 1) -> bool:
    """Count a try of `what` by `who` (or several); False once there were more than `limit` in a window of `seconds`."""
    return spend(what, who, limit=limit, seconds=seconds, tries=tries).left >= 0


def spend(what: str, who: str, *, limit: int, seconds: int, tries: int = 1) -> Allowance:
    """The same, saying what is left."""
    key = _key(what, who)
    try:
        pipe = get_redis().pipeline()
        pipe.set(key, 0, ex=seconds, nx=True)
        pipe.incr(key, tries)
        pipe.ttl(key)
        _, count, left = pipe.execute()
    except RedisError as error:
        _log.warning("rate_limit_in_postgresql", what=what, error=str(error))
        count, left = _spend_in_postgresql(key, seconds, tries)
    return Allowance(limit - int(count), max(1, int(left)))


def forget(what: str, who: str) -> None:
    """Begin a new window: what was tried so far counts no more."""
    key = _key(what, who)
    try:
        get_redis().delete(key)
    except RedisError as error:
        _log.warning("rate_limit_in_postgresql", what=what, error=str(error))
        with db.system() as session:
            session.execute(_DROP, {"key": key})


def _key(what: str, who: str) -> str:
    """Addresses are personal data: only their hash is kept, and only for the window."""
    return f"limit:{what}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"


def _spend_in_postgresql(key: str, seconds: int, tries: int) -> tuple[int, float]:
    """Tries of the window so far, with these, and the seconds that are left of it. A window begins anew here."""
    with db.system() as session:
        session.execute(_FORGET)
        count, left = session.execute(_COUNT, {"key": key, "seconds": seconds, "tries": tries}).one()
    return count, left
