"""The doorbell: RQ jobs by dotted name, JSON arguments, ids only.

PostgreSQL is the queue. A job that Redis loses is found again by a sweep, so an enqueue that fails is
logged, not raised.
"""

from functools import cache

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy.orm import Session

from app import embedded
from app.config import get_config
from app.db import after_commit

_BELL_SECONDS = 5
QUEUES = ("events", "catalogue", "emails", "links", "payouts", "calls")
_log = structlog.get_logger(__name__)


@cache
def redis_url() -> str:
    """Found, or started, once for each process: a page that looks at the time starts no server."""
    config = get_config()
    return config.redis_url or embedded.start_redis(config.var)


@cache
def get_redis() -> Redis:
    """One pooled connection per process. Short time-outs: nothing important may wait for Redis."""
    return Redis.from_url(redis_url(), socket_timeout=10, socket_connect_timeout=2, health_check_interval=30)


def enqueue(job: str, *args: int | str, queue: str = "events") -> None:
    """Ring for `job`, such as "jobs.emails.send_email"; not again while the same ring waits to be heard."""
    assert queue in QUEUES
    try:
        # If whoever hears it dies at that very moment, the bell is free again before the next sweep but one.
        if get_redis().set(_bell(job, args, queue), 1, nx=True, ex=_BELL_SECONDS):
            Queue(queue, connection=get_redis(), serializer=JSONSerializer).enqueue(
                job, *args, result_ttl=0, ttl=3600, failure_ttl=3600
            )
    except RedisError as error:
        _log.warning("doorbell_unreachable", job=job, error=str(error))


def answer(job: str, *args: int | str, queue: str) -> None:
    """The ring was heard, and what it is about is going to be looked at: the next one counts again."""
    get_redis().delete(_bell(job, args, queue))


def _bell(job: str, args: tuple[int | str, ...], queue: str) -> str:
    return ":".join(map(str, ("bell", queue, job, *args)))


def enqueue_after_commit(session: Session, job: str, *args: int | str, queue: str = "events") -> None:
    """Ring once the session's transaction is durable, so that the job finds what it is about."""
    after_commit(session, lambda: enqueue(job, *args, queue=queue), once=(job, args, queue))
