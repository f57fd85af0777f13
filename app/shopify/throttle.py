"""Shopify's leaky bucket of each shop, mirrored in Redis so that all our processes share one picture of it.

The mirror is a courtesy to avoid THROTTLED answers; it is not the truth. Every answer of Shopify corrects it, and
when Redis is away we ask without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

FIRST_GUESS: Final = 50
_TTL_SECONDS: Final = 3600

# KEYS: bucket, known costs. ARGV: operation. Returns (cost reserved, milliseconds to wait). Redis' own clock: the
# processes' clocks may differ. Nothing is reserved when the answer is to wait.
_RESERVE: Final = """
local cost = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or ARGV[2])
local b = redis.call('HMGET', KEYS[1], 'available', 'maximum', 'rate', 'at')
if not b[1] then return {cost, 0} end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local available = math.min(tonumber(b[2]), b[1] + (now - b[4]) * b[3] / 1000)
cost = math.min(cost, tonumber(b[2]))
if available < cost then return {cost, math.ceil((cost - available) * 1000 / b[3])} end
redis.call('HSET', KEYS[1], 'available', available - cost, 'at', now)
return {cost, 0}
"""

# KEYS: bucket, known costs. ARGV: operation, requested cost, reserved, actual cost, available, maximum, rate, ttl.
# Shopify's figure does not know of calls still on their way, ours does: the lower one holds.
_SETTLE: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local b = redis.call('HMGET', KEYS[1], 'available', 'at')
local available = tonumber(ARGV[5])
if b[1] then
  local ours = b[1] + (now - b[2]) * ARGV[7] / 1000 + ARGV[3] - ARGV[4]
  available = math.max(0, math.min(available, ours))
end
redis.call('HSET', KEYS[1], 'available', available, 'maximum', ARGV[6], 'rate', ARGV[7], 'at', now)
redis.call('EXPIRE', KEYS[1], ARGV[8])
if tonumber(ARGV[2]) > 0 then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
  redis.call('EXPIRE', KEYS[2], ARGV[8])
end
return available
"""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Points taken from the bucket, or how long to wait before asking again."""

    points: int
    wait_seconds: float


def reserve(redis: "Redis", domain: str, operation: str) -> Reservation:
    """Take the points that this operation cost last time; without knowledge, a guess."""
    try:
        answer: Any = redis.eval(_RESERVE, 2, _bucket(domain), _costs(domain), operation, str(FIRST_GUESS))
    except RedisError as error:
        log.warning("throttle_without_redis", error=str(error))
        return Reservation(0, 0)
    return Reservation(int(answer[0]), int(answer[1]) / 1000)


def settle(redis: "Redis", domain: str, operation: str, reserved: int, cost: Mapping[str, Any]) -> None:
    """Correct the mirror with `extensions.cost` of an answer."""
    status = cost.get("throttleStatus")
    if not isinstance(status, Mapping):
        return
    figures = (
        cost.get("requestedQueryCost") or 0,
        reserved,
        cost.get("actualQueryCost") or 0,
        status.get("currentlyAvailable", 0),
        status.get("maximumAvailable", 0),
        status.get("restoreRate", 1),
        _TTL_SECONDS,
    )
    try:
        redis.eval(_SETTLE, 2, _bucket(domain), _costs(domain), operation, *map(str, figures))
    except RedisError as error:
        log.warning("throttle_without_redis", error=str(error))


def wait_after_throttled(cost: Mapping[str, Any]) -> float:
    """Seconds until the bucket holds what the refused query asked for."""
    status = cost.get("throttleStatus") or {}
    missing = float(cost.get("requestedQueryCost") or 0) - float(status.get("currentlyAvailable") or 0)
    return max(0.0, missing / float(status.get("restoreRate") or 100))


def _bucket(domain: str) -> str:
    return f"shopify:bucket:{domain}"


def _costs(domain: str) -> str:
    return f"shopify:costs:{domain}"
