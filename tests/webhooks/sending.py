"""Webhook requests as Shopify makes them."""

import io
from typing import TYPE_CHECKING, Any

from werkzeug.test import run_wsgi_app

from tests.shopify.signing import sign_webhook

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BODY = b'{"id": 1, "name": "#1001"}'


def not_ours(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Stands where the application stands."""
    start_response("299 Passed On", [])
    return [b"flask"]


def send(
    intake: "WSGIApplication", body: bytes = BODY, /, *, path: str = "/webhooks", method: str = "POST", **headers: str
) -> int:
    """The status of a webhook request; keyword headers override Shopify's, an empty one is left out."""
    return ask(intake, body, path=path, method=method, **headers)[0]


def ask(
    intake: "WSGIApplication", body: bytes = BODY, /, *, path: str = "/webhooks", method: str = "POST", **headers: str
) -> tuple[int, str]:
    """The status, and everything else that is answered."""
    environ = make_environ(body, path=path, method=method, **headers)
    said, status, headers_sent = run_wsgi_app(intake, environ, buffered=True)
    return int(status[:3]), f"{headers_sent.to_wsgi_list()} {b''.join(said).decode()}"


def make_environ(body: bytes, /, *, path: str = "/webhooks", method: str = "POST", **headers: str) -> dict[str, Any]:
    held = {
        "X_SHOPIFY_TOPIC": "orders/create",
        "X_SHOPIFY_SHOP_DOMAIN": "acme.myshopify.com",
        "X_SHOPIFY_WEBHOOK_ID": "delivery-1",
        "X_SHOPIFY_EVENT_ID": "event-1",
        "X_SHOPIFY_API_VERSION": "2026-10",
        "X_SHOPIFY_TRIGGERED_AT": "2026-11-20T09:00:00.123456789Z",
        "X_SHOPIFY_HMAC_SHA256": sign_webhook(body),
        **headers,
    }
    environ: dict[str, Any] = {f"HTTP_{name}": value for name, value in held.items() if value}
    environ |= {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
    }
    environ["CONTENT_LENGTH"] = headers.get("LENGTH", str(len(body)))
    return environ
