"""Whether a message really comes from Shopify: webhook bodies, app-proxy queries, shop domains."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from shopify_app import ShopifyApp

SHOP_DOMAIN: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\.myshopify\.com", re.ASCII)
_SIGNED_ONCE: Final = ("shop", "timestamp", "hmac", "path_prefix", "logged_in_customer_id")


@dataclass(frozen=True, slots=True)
class ProxyVisitor:
    """Who stands behind a storefront request, as Shopify signed it."""

    shop_domain: str
    customer_id: str | None
    path_prefix: str


def is_shop_domain(value: str | None) -> bool:
    return value is not None and SHOP_DOMAIN.fullmatch(value) is not None


def verify_webhook(raw: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Tell whether `header` is the base64 HMAC-SHA256 of the raw body under one of the secrets (current, previous).

    The comparison is over digests of equal length: comparing text raises on a non-ASCII header, and a forged header
    must get 401, never 500.
    """
    if not header:
        return False
    try:
        claimed = base64.b64decode(header.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return False
    return any(hmac.compare_digest(claimed, hmac.digest(secret.encode(), raw, hashlib.sha256)) for secret in secrets)


def find_proxy_visitor(url: str, *, client_id: str, secrets: Sequence[str]) -> ProxyVisitor | None:
    """Read the visitor from an app-proxy URL, or None when the signature, the 90-second window or the form is wrong.

    Shopify's library checks signature and window; refused before it: a signed text that could be read in two ways, a
    signature it would crash on, shops outside myshopify.com, and customers without a number.
    """
    pairs = parse_qsl(url.partition("?")[2], keep_blank_values=True)
    query, names = dict(pairs), [name for name, _ in pairs]
    if names.count("signature") != 1 or not query["signature"].isascii() or _is_ambiguous(pairs):
        return None
    customer_id = query.get("logged_in_customer_id", "")
    if not is_shop_domain(query.get("shop")) or not re.fullmatch(r"\d{0,20}", customer_id, re.ASCII):
        return None
    app = ShopifyApp(client_id, secrets[0], secrets[1] if len(secrets) > 1 else None)
    result = app.verify_app_proxy_req({"method": "GET", "headers": {}, "url": url, "body": ""})
    if not result.ok:
        return None
    return ProxyVisitor(query["shop"], customer_id or None, query.get("path_prefix", ""))


def _is_ambiguous(pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether one of Shopify's own parameters stands in the signed text more than once.

    The text has no separators: a visitor's `a=1logged_in_customer_id=7m=` before Shopify's `logged_in_customer_id=`
    carries the same signature as a customer 7 who never was, split at other places.
    """
    signed = "".join(f"{name}={value}" for name, value in sorted(pairs) if name != "signature")
    return any(signed.count(f"{name}=") > 1 for name in _SIGNED_ONCE)
