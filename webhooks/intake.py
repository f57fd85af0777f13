"""POST /webhooks: verify, store, ring, 200. A WSGI front before Flask, because Shopify waits one second to connect.

Nobody is answered 200 before their row is durable (webhooks/inbox.py). When the database is away, or too much is
waiting, the answer is 503 within a second and Shopify comes again. No JSON is parsed here, and no header but the
signature is believed: the body alone is signed.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import structlog
from prometheus_client import Counter, Histogram

from app.auth.hosts import is_for_vendors
from app.config import get_config
from app.shopify.signatures import is_shop_domain, verify_webhook
from app.typed import read_moment
from webhooks.inbox import Arrival, Inbox, Refused, Ring, connect

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH: Final = "/webhooks"
LARGEST_BODY: Final = 5 * 1024 * 1024
_TOPIC: Final = re.compile(r"[a-z0-9_]{1,60}/[a-z0-9_]{1,60}", re.ASCII)
_ID: Final = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)
_TOPIC_KEY: Final = "HTTP_X_SHOPIFY_TOPIC"
_VERSION: Final = re.compile(r"[a-z0-9-]{0,20}", re.ASCII)

log = structlog.get_logger()
RECEIVED = Counter("stallkeeper_webhooks_received", "Webhook requests by HTTP status", ["status"])
SECONDS = Histogram("stallkeeper_webhook_intake_seconds", "From the request to its durable row")

Respond = Callable[[int, list[tuple[str, str]], bytes], object]
"""Status, headers, body."""


def is_for_us(environ: Mapping[str, Any]) -> bool:
    """Whether it is asked at the app's own host: at that of the vendor pages nothing else is answered."""
    return environ.get("PATH_INFO") == PATH and not is_for_vendors(str(environ.get("HTTP_HOST", "")))


class WebhookIntake:
    """Answers POST /webhooks and passes everything else on."""

    def __init__(self, app: "WSGIApplication", inbox: Inbox | None = None) -> None:
        self._app = app
        self._inbox = inbox or Inbox(connect, Ring())

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not is_for_us(environ):
            return self._app(environ, start_response)
        # Threads are reused: what the last request bound would stand in our lines.
        structlog.contextvars.clear_contextvars()
        began = time.perf_counter()
        refused: Refused | None = None
        try:
            self._inbox.store(read_arrival(environ))
        except Refused as error:
            refused = error
        status, headers, body = _answer(refused, began)
        start_response(status, headers)
        _log(refused, environ.get(_TOPIC_KEY))
        return [body]

    def take(self, environ: "WSGIEnvironment", respond: Respond) -> None:
        """A request that is for us. It is answered by `respond`: now, or by another thread once its row is durable."""
        structlog.contextvars.clear_contextvars()
        began, topic = time.perf_counter(), environ.get(_TOPIC_KEY)

        def answer(refused: Refused | None) -> None:
            status, headers, body = _answer(refused, began)
            respond(int(status[:3]), headers, body)
            _log(refused, topic)

        try:
            self._inbox.store_later(read_arrival(environ), answer)
        except Refused as refused:
            answer(refused)


def _log(refused: Refused | None, topic: str | None) -> None:
    """After the answer, which a log on a full disk must not hold up."""
    if refused:
        log.info("webhook_refused", status=refused.status, reason=str(refused), topic=topic)


def _answer(refused: Refused | None, began: float) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body, counted."""
    status, reason = (refused.status, str(refused)) if refused else ("200 OK", "")
    SECONDS.observe(time.perf_counter() - began)
    _count_of(status[:3]).inc()
    body = reason.encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    if status.startswith("405"):
        headers.append(("Allow", "POST"))
    return status, headers, body


def read_arrival(environ: Mapping[str, Any]) -> Arrival:
    """Check a request and turn it into a row. Raises Refused with the status to answer."""
    if environ.get("REQUEST_METHOD") != "POST":
        raise Refused("405 Method Not Allowed", "POST only")
    raw = _read_body(environ)
    config = get_config()
    secrets = [config.shopify_api_secret, config.shopify_api_secret_previous]
    signature = _header(environ, "Hmac-Sha256")
    if not signature:
        raise Refused("401 Unauthorized", "no signature")
    if not verify_webhook(raw, signature, [secret for secret in secrets if secret]):
        raise Refused("401 Unauthorized", "wrong signature")
    shop, topic, webhook_id = (_header(environ, name) for name in ("Shop-Domain", "Topic", "Webhook-Id"))
    event_id, version = _header(environ, "Event-Id") or webhook_id, _header(environ, "Api-Version")
    fits = is_shop_domain(shop) and _TOPIC.fullmatch(topic) and _ID.fullmatch(webhook_id) and _ID.fullmatch(event_id)
    if not fits or not _VERSION.fullmatch(version):
        raise Refused("400 Bad Request", "a header is missing or malformed")
    triggered_at = read_moment(_header(environ, "Triggered-At"))
    return Arrival(shop, topic, webhook_id, event_id, version, triggered_at, raw)


@cache
def _count_of(status: str) -> Counter:
    return RECEIVED.labels(status)


@cache
def _keys(name: str) -> tuple[str, str]:
    """Shopify writes X-Shopify-…, and Shopify-… for its newer event deliveries."""
    key = name.upper().replace("-", "_")
    return f"HTTP_X_SHOPIFY_{key}", f"HTTP_SHOPIFY_{key}"


def _header(environ: Mapping[str, Any], name: str) -> str:
    older, newer = _keys(name)
    return str(environ.get(older) or environ.get(newer) or "")


def _read_body(environ: Mapping[str, Any]) -> bytes:
    """At most LARGEST_BODY bytes, whatever the Content-Length claims."""
    length = _find_length(environ)
    if length is not None and length > LARGEST_BODY:
        raise _too_large()
    raw = environ["wsgi.input"].read(LARGEST_BODY + 1 if length is None else length)
    if len(raw) > LARGEST_BODY:
        raise _too_large()
    if length is not None and len(raw) != length:
        raise Refused("400 Bad Request", "the body ended early")
    return bytes(raw)


def _too_large() -> Refused:
    return Refused("413 Content Too Large", "more than 5 MB")


def _find_length(environ: Mapping[str, Any]) -> int | None:
    """None when the body comes in chunks, as some tunnels send it, and the server knows where it ends."""
    text = environ.get("CONTENT_LENGTH") or ""
    if not text and environ.get("wsgi.input_terminated"):
        return None
    try:
        return max(0, int(text or 0))
    except ValueError:
        raise Refused("400 Bad Request", "Content-Length is no number") from None
