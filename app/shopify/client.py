"""The Admin API: one function. Everything that may go wrong on the way is handled or named here.

Shopify throttles by cost and says so with HTTP 200; it loses a request now and then; a call may take half a minute.
So: never inside a database transaction, explicit time-outs, points reserved beforehand, and retries that ask whether
the request may have been carried out already.
"""

import json
import random
import time
from collections.abc import Mapping
from typing import Any, Final

import httpx
import structlog
from prometheus_client import Counter, Histogram

from app import db
from app.queue import get_redis
from app.shopify import throttle, tokens
from app.shopify.errors import ShopifyAccessLost, ShopifyError, ShopifyUserErrors
from app.shopify.operations import Operation, get_operation
from app.shopify.tokens import ShopCredentials
from app.shopify.transport import get_http

API_VERSION: Final = "2026-10"
ATTEMPTS: Final = 6
DEADLINE_SECONDS: Final = 60.0
PAGE_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.4
_IN_PROGRESS: Final = "IDEMPOTENCY_CONCURRENT_REQUEST"

log = structlog.get_logger()
CALLS = Counter("stallkeeper_shopify_calls", "Admin API calls by outcome", ["operation", "outcome"])
SECONDS = Histogram("stallkeeper_shopify_seconds", "How long Shopify took to answer", ["operation"])


class _TryAgainError(Exception):
    """An attempt failed in a way that may pass. `ambiguous`: the request may have been carried out all the same."""

    def __init__(self, error: ShopifyError, *, wait: float | None = None, ambiguous: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait
        self.ambiguous = ambiguous


def graphql(
    shop: ShopCredentials,
    name: str,
    variables: Mapping[str, Any] | None = None,
    *,
    idempotency_key: str | None = None,
    patience_seconds: float = DEADLINE_SECONDS,
) -> dict[str, Any]:
    """Run documents/<name>.graphql and return the data of its root field ({} when that is null).

    `idempotency_key` fills `$idempotencyKey` of documents that use @idempotent: derive it from the row that wants the
    call, so that a repeated job repeats the key. `patience_seconds`: how long to go on trying; PAGE_SECONDS when a
    person waits for the answer. Raises ShopifyUserErrors, ShopifyAccessLost, ShopifyError.
    """
    db.assert_no_transaction()
    operation = get_operation(name)
    values = dict(variables or {})
    if idempotency_key is not None:
        values["idempotencyKey"] = idempotency_key
    deadline = time.monotonic() + patience_seconds
    for attempt in range(1, ATTEMPTS + 1):
        try:
            data = _attempt(shop, operation, values, deadline)
        except _TryAgainError as failure:
            pause = failure.wait if failure.wait is not None else _back_off(attempt)
            out_of_time = attempt == ATTEMPTS or time.monotonic() + pause > deadline
            if out_of_time or (failure.ambiguous and not operation.repeatable):
                CALLS.labels(name, "failed").inc()
                raise failure.error from failure
            log.info("shopify_retry", operation=name, shop=shop.domain, reason=str(failure), seconds=round(pause, 2))
            time.sleep(pause)
        else:
            CALLS.labels(name, "ok").inc()
            return _root(operation, data)
    raise AssertionError("the last attempt returns or raises")


def _attempt(shop: ShopCredentials, operation: Operation, values: Mapping[str, Any], deadline: float) -> dict[str, Any]:
    token = tokens.get_access_token(shop)
    points = _reserve(shop.domain, operation.name, deadline)
    response = _post(shop, token, operation, values)
    if response.status_code == httpx.codes.UNAUTHORIZED:
        # Rotated or revoked under our feet; a second refusal with a fresh token means the access is gone.
        fresh = tokens.renew(shop, refused=token)
        response = _post(shop, fresh, operation, values)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise ShopifyAccessLost(shop.domain)
    body = _read_body(operation, response)
    cost = (body.get("extensions") or {}).get("cost") or {}
    throttle.settle(get_redis(), shop.domain, operation.name, points, cost)
    if errors := body.get("errors"):
        raise _graphql_failure(operation, errors, cost)
    data: dict[str, Any] = body.get("data") or {}
    said = (data.get(operation.root) or {}).get("userErrors") if operation.is_mutation else None
    if _IN_PROGRESS in {error.get("code") for error in said or ()}:
        # The attempt whose answer we did not wait for: it may yet be carried out, so this is no refusal.
        working = ShopifyError(f"Shopify is still at work on {operation.name}.", permanent=False)
        raise _TryAgainError(working, ambiguous=True)
    return data


def _reserve(domain: str, operation: str, deadline: float) -> int:
    while True:
        reservation = throttle.reserve(get_redis(), domain, operation)
        if reservation.wait_seconds == 0:
            return reservation.points
        if time.monotonic() + reservation.wait_seconds > deadline:
            raise ShopifyError(f"Shopify's rate limit for {domain} is used up. Try again in a minute.", permanent=False)
        time.sleep(reservation.wait_seconds * random.uniform(1.0, 1.2))  # noqa: S311 - spreads waiters, hides nothing


def _post(shop: ShopCredentials, token: str, operation: Operation, values: Mapping[str, Any]) -> httpx.Response:
    """Raises _TryAgainError for network errors: unambiguous only when no connection was made at all."""
    url = f"https://{shop.domain}/admin/api/{API_VERSION}/graphql.json"
    body = {"query": operation.text, "operationName": operation.name, "variables": values}
    try:
        with SECONDS.labels(operation.name).time():
            return get_http().post(url, json=body, headers={"X-Shopify-Access-Token": token})
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise _TryAgainError(_unreachable(shop, error)) from error
    except httpx.TransportError as error:
        raise _TryAgainError(_unreachable(shop, error), ambiguous=True) from error


def _unreachable(shop: ShopCredentials, error: Exception) -> ShopifyError:
    return ShopifyError(f"{shop.domain} did not answer ({type(error).__name__}).", permanent=False)


def _read_body(operation: Operation, response: httpx.Response) -> dict[str, Any]:
    status = response.status_code
    if status in (429, 430):
        raise _TryAgainError(
            ShopifyError("Shopify's rate limit is used up.", permanent=False), wait=_retry_after(response)
        )
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise _TryAgainError(
            ShopifyError(f"Shopify answered {status} to {operation.name}.", permanent=False),
            wait=_retry_after(response),
            ambiguous=True,
        )
    if status != httpx.codes.OK:
        raise ShopifyError(f"Shopify answered {status} to {operation.name}.", permanent=True)
    try:
        body = json.loads(response.content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        broken = ShopifyError(f"Shopify's answer to {operation.name} was cut short.", permanent=False)
        raise _TryAgainError(broken, ambiguous=True)
    return body


def _graphql_failure(operation: Operation, errors: Any, cost: Mapping[str, Any]) -> Exception:
    entries: list[dict[str, Any]] = errors if isinstance(errors, list) else [{"message": str(errors)}]
    codes = {(entry.get("extensions") or {}).get("code") for entry in entries}
    said = "; ".join(str(entry.get("message")) for entry in entries)
    if "THROTTLED" in codes:
        spread = random.uniform(0.05, 0.35)  # noqa: S311 - spreads waiters, hides nothing
        wait = throttle.wait_after_throttled(cost) + spread
        return _TryAgainError(ShopifyError("Shopify's rate limit is used up.", permanent=False), wait=wait)
    if "INTERNAL_SERVER_ERROR" in codes:
        broken = ShopifyError(f"Shopify failed at {operation.name}: {said}", permanent=False)
        return _TryAgainError(broken, ambiguous=True)
    return ShopifyError(f"Shopify refused {operation.name}: {said}", permanent=True)


def _root(operation: Operation, data: Mapping[str, Any]) -> dict[str, Any]:
    root: dict[str, Any] = data.get(operation.root) or {}
    if operation.is_mutation and root.get("userErrors"):
        raise ShopifyUserErrors.from_payload(operation.name, root["userErrors"])
    return root


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


def _back_off(attempt: int) -> float:
    """Full jitter: anywhere between nothing and twice as long as the time before."""
    return random.uniform(0.1, _PAUSE_SECONDS * 2**attempt)  # noqa: S311 - spreads retries, hides nothing
