"""What Shopify signs, signed for real."""

import base64
import hashlib
import hmac
import time
import uuid
from urllib.parse import urlencode

import jwt

SECRET = "a-test-secret-of-thirty-two-bytes"
KEY = "test-key"


def sign_id_token(shop: str = "acme.myshopify.com", *, secret: str = SECRET, **claims: object) -> str:
    """An id token, good for longer than Shopify's minute: a test may be slow. A claim given as None is left out."""
    now = int(time.time())
    held: dict[str, object] = {
        "iss": f"https://{shop}/admin",
        "dest": f"https://{shop}",
        "aud": KEY,
        "sub": "42",
        "exp": now + 3600,
        "nbf": now - 1,
        "iat": now - 1,
        "jti": uuid.uuid4().hex,
        "sid": "a-session",
    }
    held |= claims
    return jwt.encode({name: value for name, value in held.items() if value is not None}, secret, algorithm="HS256")


def sign_webhook(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def sign_proxy(shop: str = "acme.myshopify.com", *, secret: str = SECRET, age: int = 0, **params: str) -> str:
    """The query of a storefront request, as Shopify forwards it."""
    held = {
        "shop": shop,
        "path_prefix": "/a/market",
        "timestamp": str(int(time.time()) - age),
        "logged_in_customer_id": "",
        **params,
    }
    message = "".join(f"{name}={value}" for name, value in sorted(held.items()))
    signature = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    return urlencode({**held, "signature": signature})
