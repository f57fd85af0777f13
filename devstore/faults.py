"""Trouble on demand: the next n requests of a kind are delayed, refused, doubled, reordered or lost."""

import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, jsonify

TARGETS = {
    "graphql": {"delay", "error", "throttle", "html", "half", "lost"},
    "oauth": {"delay", "error"},
    "resend": {"delay", "error", "throttle"},
    "paypal": {"delay", "error", "throttle", "lost"},
    "stripe": {"delay", "error", "throttle", "lost"},
    "webhooks": {"delay", "error", "duplicate", "reorder", "drop"},
}
AFTERWARDS = {"lost", "half"}
"""What was asked for is done, and the answer is never or not wholly heard."""


@dataclass(frozen=True)
class Fault:
    """`times` left; None means until cleared."""

    target: str
    kind: str
    times: int | None
    delay_ms: int


class Faults:
    """Not stored: a restart heals everything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, target: str, kind: str, times: int | None = 1, delay_ms: int = 0) -> Fault:
        """Raises ValueError for a target or kind that does not exist."""
        if kind not in TARGETS.get(target, set()):
            known = "; ".join(f"{name}: {', '.join(sorted(kinds))}" for name, kinds in TARGETS.items())
            raise ValueError(f"No fault {kind!r} for {target!r}. There are {known}.")
        fault = Fault(target, kind, times, delay_ms)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def take(self, target: str, *, lost: bool = False) -> Fault | None:
        """The fault that the next request of this target suffers, used up by one.

        `lost`: of those that come after the work is done, or of those that come before.
        """
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.target != target or (fault.kind in AFTERWARDS) != lost:
                    continue
                if fault.times is not None:
                    left = replace(fault, times=fault.times - 1)
                    self._faults[index : index + 1] = [left] if left.times else []
                return fault
        return None


FAULTS = Faults()


def suffer(target: str) -> Response | None:
    """Play the next fault of an HTTP target: waits, or answers in the view's place; None lets the view go on."""
    fault = FAULTS.take(target)
    if fault is None:
        return None
    time.sleep(fault.delay_ms / 1000)
    if fault.kind == "error":
        return _answer({"errors": "Internal Server Error"}, 503)
    if fault.kind == "throttle" and target in {"paypal", "stripe"}:
        return _answer({"name": "RATE_LIMIT_REACHED", "message": "Too many requests"}, 429)
    if fault.kind == "throttle" and target == "resend":
        said = {"statusCode": 429, "name": "rate_limit_exceeded", "message": "Too many requests"}
        return _answer(said, 429)
    return None


def suffer_after(target: str) -> Response | None:
    """Play a "lost" fault: what was asked for is done, and the answer never arrives."""
    fault = FAULTS.take(target, lost=True)
    if fault is None:
        return None
    time.sleep(fault.delay_ms / 1000)
    return _answer({"errors": "Gateway Timeout"}, 504)


def _answer(body: dict[str, Any], status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    if status == 429:
        response.headers["Retry-After"] = "1"
    return response
