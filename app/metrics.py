"""The counters of every process on one page.

Each process keeps its own counters and lays a copy of them into Redis every few seconds, under its own name; whichever
web process is asked for /metrics adds everybody's. A process that ends takes its numbers along, as Prometheus expects.
"""

import json
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any, Final

import structlog
from prometheus_client import REGISTRY, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from app.queue import get_redis

EVERY_SECONDS: Final = 5.0
_KEPT_SECONDS: Final = 30
_KEYS: Final = "metrics:*"
log = structlog.get_logger()


def publish_forever(name: str) -> threading.Thread:
    """Lay out this process's counters from now on. `name` is what it does: "web", "worker-events"."""
    thread = threading.Thread(target=_publish, args=(_title(name),), name="metrics", daemon=True)
    thread.start()
    return thread


def publish_once(title: str) -> None:
    """Raises RedisError."""
    families = [
        [family.name, family.documentation, family.type, [[one.name, one.labels, one.value] for one in family.samples]]
        for family in REGISTRY.collect()
    ]
    get_redis().set(f"metrics:{title}", json.dumps(families), ex=_KEPT_SECONDS)


class AllProcesses(Collector):
    """What the processes laid out last, each series with the process it comes from."""

    def collect(self) -> Iterator[Metric]:
        found: dict[str, Metric] = {}
        for title, families in _list_published():
            for name, words, kind, samples in families:
                metric = found.setdefault(name, Metric(name, words, kind))
                for sample, labels, value in samples:
                    metric.add_sample(sample, {**labels, "process": title}, value)
        # Without Redis, at least what this process knows of itself.
        yield from found.values() or REGISTRY.collect()


def _list_published() -> Iterator[tuple[str, list[Any]]]:
    redis = get_redis()
    try:
        keys = sorted(redis.scan_iter(_KEYS, count=1000))
        for key, raw in zip(keys, redis.mget(keys) if keys else (), strict=True):
            if raw is not None:
                yield key.decode().removeprefix("metrics:"), json.loads(raw)
    except RedisError:
        return


def _publish(title: str) -> None:
    pause = threading.Event()
    while True:
        try:
            publish_once(title)
        except RedisError:
            log.debug("metrics_unreachable")  # nothing waits for these numbers: the next round brings them
        except Exception:
            log.exception("metrics_failed")
        pause.wait(EVERY_SECONDS)


def _title(name: str) -> str:
    return f"{name}-{socket.gethostname()}-{os.getpid()}"
