"""The one pooled HTTP client of a process. What is addressed to a shop goes where SHOPIFY_SHOP_URL says it lives."""

from functools import cache

import httpx

from app.config import get_config
from app.shopify.signatures import is_shop_domain

TIMEOUT = httpx.Timeout(connect=3, read=25, write=10, pool=5)
LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=20, keepalive_expiry=30)


class ShopTransport(httpx.BaseTransport):
    """Lets everything, Shopify's libraries included, write `https://<shop>/…`; in production that is where it goes."""

    def __init__(self, inner: httpx.BaseTransport, shop_url: str) -> None:
        self._inner = inner
        self._shop_url = shop_url

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if is_shop_domain(host):
            target = httpx.URL(self._shop_url.format(shop=host))
            request.url = target.copy_with(raw_path=target.raw_path.rstrip(b"/") + request.url.raw_path)
            request.headers["Host"] = request.url.netloc.decode()
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@cache
def get_http() -> httpx.Client:
    """Redirects are not followed: Shopify's APIs never redirect, and a followed one would carry the token along."""
    transport = ShopTransport(httpx.HTTPTransport(limits=LIMITS, retries=0), get_config().shopify_shop_url)
    return httpx.Client(transport=transport, timeout=TIMEOUT, trust_env=False, follow_redirects=False)
