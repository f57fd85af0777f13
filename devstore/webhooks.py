"""Webhooks: what happened becomes one delivery per subscription, signed and sent until the app has said yes."""

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from devstore.clock import iso
from devstore.config import API_VERSION
from devstore.faults import FAULTS
from devstore.search import matches
from devstore.store import Doc, Store

# Eight more tries within four hours, further and further apart.
RETRY_AFTER_SECONDS = (15, 60, 180, 480, 1200, 2400, 3600, 6465)
COMPLIANCE_TOPICS = {"customers/data_request", "customers/redact", "shop/redact"}
_TIMEOUT = httpx.Timeout(4.0, connect=1.0)
_AT_ONCE = 100
_POLL_SECONDS = 0.5
_log = logging.getLogger(__name__)


def emit(store: Store, shop: str, topic: str, payload: Doc) -> None:
    """Write one delivery per matching subscription. Inside a transaction they leave when it has committed."""
    app = store.find("", "app")
    if app is None or (topic not in COMPLIANCE_TOPICS and store.find(shop, "installation") is None):
        return
    event_id = str(uuid.uuid4())
    declared = [each for each in app["subscriptions"] if each["topic"] == topic]
    for subscription in [*declared, *store.select(shop, "webhook_subscription", topic=topic)]:
        if matches(own_type(subscription["filter"] or "", app), lambda key: _values(payload, key)):
            store.put(shop, "webhook_delivery", _delivery(store, topic, payload, subscription, event_id))


def own_type(text: str, app: Doc) -> str:
    """`$app:vendor` in the app's own words is `app--<id>--vendor` everywhere else."""
    return text.replace("$app", f"app--{app['id']}").replace(f"app--{app['id']}:", f"app--{app['id']}--")


def _values(payload: Doc, key: str | None) -> list[Any]:
    found: list[Any] = [payload]
    for part in (key or "").split("."):
        inner = [each[part] for each in found if isinstance(each, dict) and part in each]
        found = [item for each in inner for item in (each if isinstance(each, list) else [each])]
    return found


def _delivery(store: Store, topic: str, payload: Doc, subscription: Doc, event_id: str) -> Doc:
    included = subscription.get("include_fields") or []
    body = _only(payload, [path.split(".") for path in included]) if included else payload
    now = store.clock.now()
    return {
        "state": "pending",
        "topic": topic,
        "uri": subscription["uri"],
        "subscription_id": subscription.get("id"),
        "name": subscription.get("name"),
        "body": json.dumps(body),
        "webhook_id": str(uuid.uuid4()),
        "event_id": event_id,
        "triggered_at": now.isoformat().replace("+00:00", "Z"),
        "created_at": iso(now),
        "due_at": now.timestamp(),
        "attempts": [],
    }


def _only(value: Any, paths: list[list[str]]) -> Any:
    """The fields at these paths; a list stands for each of its entries, and a path that ends takes all below it."""
    if isinstance(value, list):
        return [_only(entry, paths) for entry in value]
    if not isinstance(value, dict) or [] in paths:
        return value
    below: dict[str, list[list[str]]] = {}
    for path in paths:
        below.setdefault(path[0], []).append(path[1:])
    return {key: _only(value[key], rest) for key, rest in below.items() if key in value}


def sign(secret: str, body: bytes) -> str:
    """The value of `X-Shopify-Hmac-Sha256`."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers(store: Store, shop: str, delivery: Doc) -> dict[str, str]:
    app = store.find("", "app")
    assert app is not None
    sent = {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-Topic": delivery["topic"],
        "X-Shopify-Hmac-Sha256": sign(app["client_secret"], delivery["body"].encode()),
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-API-Version": API_VERSION,
        "X-Shopify-Webhook-Id": delivery["webhook_id"],
        "X-Shopify-Event-Id": delivery["event_id"],
        "X-Shopify-Triggered-At": delivery["triggered_at"],
    }
    return {**sent, "X-Shopify-Name": delivery["name"]} if delivery["name"] else sent


class Courier:
    """Sends what is due, a few at a time and in no guaranteed order. Unsent deliveries survive a restart."""

    def __init__(self, store: Store, workers: int = 4) -> None:
        self._store = store
        self._client = httpx.Client(timeout=_TIMEOUT, follow_redirects=False)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="courier")
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._stopping = threading.Event()
        self._in_flight: set[tuple[str, int]] = set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._store.committed.set()
        self._thread.join(timeout=5)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.close()

    def post(self, shop: str, delivery: Doc) -> int:
        """Send once, whatever its state. The app's status, or 0 when there was no answer in time."""
        try:
            url, sent = delivery["uri"], headers(self._store, shop, delivery)
            with self._client.stream("POST", url, content=delivery["body"].encode(), headers=sent) as answer:
                return answer.status_code
        except httpx.HTTPError as error:
            _log.info("%s to %s: %s", delivery["topic"], delivery["uri"], error)
            return 0

    def _run(self) -> None:
        looked_at_retries = 0.0
        while not self._stopping.is_set():
            self._store.committed.wait(timeout=_POLL_SECONDS)
            self._store.committed.clear()
            try:
                self._send_due(self._store.select_everywhere("webhook_delivery", limit=_AT_ONCE, state="pending"))
                if time.monotonic() - looked_at_retries >= _POLL_SECONDS:
                    looked_at_retries = time.monotonic()
                    self._send_due(self._store.select_everywhere("webhook_delivery", state="retrying"))
            except Exception:  # noqa: BLE001 one bad row must not stop the post
                _log.exception("The courier stumbled")
                time.sleep(1)

    def _send_due(self, deliveries: list[tuple[str, Doc]]) -> None:
        now = self._store.clock.now().timestamp()
        for shop, delivery in deliveries:
            known = (shop, delivery["id"])
            if delivery["due_at"] > now or known in self._in_flight or self._stopping.is_set():
                continue
            self._in_flight.add(known)
            self._pool.submit(self._attempt, shop, delivery)

    def _attempt(self, shop: str, delivery: Doc) -> None:
        try:
            self._attempt_with_faults(shop, delivery)
        except Exception:  # noqa: BLE001 a pool would swallow it
            _log.exception("Delivery %s stumbled", delivery["id"])
        finally:
            self._in_flight.discard((shop, delivery["id"]))

    def _attempt_with_faults(self, shop: str, delivery: Doc) -> None:
        fault = FAULTS.take("webhooks")
        kind = fault.kind if fault else None
        if kind == "drop":
            self._store.put(shop, "webhook_delivery", {**delivery, "state": "dropped"})
            return
        if fault and kind in {"delay", "reorder"}:
            wait = (fault.delay_ms or 1500) / 1000
            due_at = self._store.clock.now().timestamp() + wait
            self._store.put(shop, "webhook_delivery", {**delivery, "state": "retrying", "due_at": due_at})
            return
        status = 503 if kind == "error" else self.post(shop, delivery)
        if kind == "duplicate":
            self.post(shop, delivery)
        self._record(shop, delivery, status)

    def _record(self, shop: str, delivery: Doc, status: int) -> None:
        now = self._store.clock.now()
        attempts = [*delivery["attempts"], {"at": iso(now), "status": status}]
        delivered = 200 <= status < 300
        tried = {**delivery, "attempts": attempts, "state": "sent" if delivered else "retrying"}
        if not delivered and len(attempts) > len(RETRY_AFTER_SECONDS):
            tried["state"] = "failed"
        elif not delivered:
            tried["due_at"] = now.timestamp() + RETRY_AFTER_SECONDS[len(attempts) - 1]
        with self._store.transaction():
            self._store.put(shop, "webhook_delivery", tried)
            if tried["state"] == "failed" and delivery["subscription_id"]:
                # Shopify gives up on subscriptions made through the API; those in shopify.app.toml stay.
                self._store.delete(shop, "webhook_subscription", delivery["subscription_id"])
