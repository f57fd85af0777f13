"""For load balancers and monitoring: alive, ready, and numbers."""

import hmac
from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import db, metrics, web
from app.config import get_config
from app.errors import Forbidden
from app.events import MAX_ATTEMPTS
from app.queue import QUEUES, get_redis

_THIS_MACHINE: Final = frozenset({"127.0.0.1", "::1"})
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via")
bp = Blueprint("health", __name__)
web.open_to_all(bp, why="says nothing about any shop: states and counts of the whole installation")

_BACKLOG: Final = text("""
    SELECT 'inbox', count(*), coalesce(extract(epoch FROM clock_timestamp() - min(received_at)), 0)
      FROM inbox_events WHERE state IN ('received', 'failed')
    UNION ALL SELECT 'inbox_dead', count(*), 0 FROM inbox_events WHERE state = 'dead'
    UNION ALL SELECT 'outbox', count(*), coalesce(extract(epoch FROM clock_timestamp() - min(occurred_at)), 0)
      FROM domain_events WHERE dispatched_at IS NULL
    UNION ALL SELECT 'deliveries', count(*), coalesce(extract(epoch FROM clock_timestamp() - min(e.occurred_at)), 0)
      FROM event_deliveries d JOIN domain_events e ON e.id = d.event_id WHERE d.done_at IS NULL AND d.attempts < :most
    UNION ALL SELECT 'deliveries_stuck', count(*), 0
      FROM event_deliveries WHERE done_at IS NULL AND attempts >= :most
    UNION ALL SELECT 'emails', count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)
      FROM emails WHERE status = 'queued'
""")

_LATENCY: Final = text("""
    SELECT topic, count(*), percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (
           ORDER BY extract(epoch FROM handled_at - received_at))
      FROM inbox_events
     WHERE received_at > clock_timestamp() - interval '15 minutes' AND state = 'done' GROUP BY topic
""")


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers. Nothing else is asked: a database outage is no reason to restart it."""
    return jsonify(ok=True)


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Whether requests can be served: the database must answer. Redis may be away: sweeps make up for it."""
    parts = {"database": _database_answers(), "redis": _redis_answers()}
    return jsonify(ok=parts["database"], **parts), 200 if parts["database"] else 503


@bp.get("/metrics")
def show_metrics() -> ResponseReturnValue:
    """The counters of every process, and what waits in the database and in Redis, in Prometheus' text format."""
    _require_monitor()
    registry = CollectorRegistry()
    registry.register(metrics.AllProcesses())
    registry.register(Backlog())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _require_monitor() -> None:
    """Raises Forbidden. A proxy on this machine brings everybody in from 127.0.0.1, but says that it does."""
    if token := get_config().metrics_token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise Forbidden("Show METRICS_TOKEN as a bearer token to read these numbers.")
        return
    forwarded = any(name in request.headers for name in _FORWARDED)
    if forwarded or request.remote_addr not in _THIS_MACHINE:
        raise Forbidden("These numbers are for this machine only. To read them from elsewhere, set METRICS_TOKEN.")


class Backlog(Collector):
    """What still has to be done, read when asked: true whichever process answers."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        waiting = GaugeMetricFamily("stallkeeper_waiting", "Rows that still have work to do", labels=["what"])
        oldest = GaugeMetricFamily("stallkeeper_oldest_seconds", "Age of the oldest of them", labels=["what"])
        try:
            with db.system() as session:
                for what, count, seconds in session.execute(_BACKLOG, {"most": MAX_ATTEMPTS}):
                    waiting.add_metric([what], count)
                    oldest.add_metric([what], float(seconds))
        except SQLAlchemyError:
            return
        yield waiting
        yield oldest
        yield from self._collect_latency()
        doorbells = GaugeMetricFamily("stallkeeper_doorbells", "Rings that no worker has answered", labels=["queue"])
        try:
            for queue in QUEUES:
                doorbells.add_metric([queue], get_redis().llen(f"rq:queue:{queue}"))
        except RedisError:
            return
        yield doorbells

    def _collect_latency(self) -> Iterator[GaugeMetricFamily]:
        """Of webhooks that came in the last quarter of an hour, from the request to the committed effect."""
        words = "From a webhook's arrival to its effect, over the last 15 minutes"
        seconds = GaugeMetricFamily("stallkeeper_webhook_latency_seconds", words, labels=["topic", "quantile"])
        handled = GaugeMetricFamily("stallkeeper_webhooks_handled_lately", "How many those are", labels=["topic"])
        with db.system() as session:
            for topic, count, quantiles in session.execute(_LATENCY):
                handled.add_metric([topic], count)
                for name, value in zip(("0.5", "0.99"), quantiles, strict=True):
                    seconds.add_metric([topic, name], float(value))
        yield seconds
        yield handled


def _database_answers() -> bool:
    try:
        with db.system() as session:
            session.execute(text("SELECT 1 FROM shops LIMIT 1"))
    except SQLAlchemyError:
        return False
    return True


def _redis_answers() -> bool:
    try:
        return bool(get_redis().ping())
    except RedisError:
        return False
