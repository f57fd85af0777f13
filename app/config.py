"""Every setting, read once from the environment. `stallkeeper doctor` explains what is missing."""

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from app.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one installation. Secrets never appear in its repr."""

    app_url: str
    portal_url: str
    """Where vendors find their pages: `app_url`, or a host name of the merchant's own that leads here, too."""
    shopify_api_key: str
    shopify_api_secret: str = field(repr=False)
    shopify_api_secret_previous: str | None = field(repr=False)
    shopify_shop_url: str
    shopify_cdn_url: str
    shopify_admin_url: str
    storefront_urls: Mapping[str, str]
    secret_keys: tuple[str, ...] = field(repr=False)
    database_url: str | None = field(repr=False)
    redis_url: str | None = field(repr=False)
    resend_api_url: str
    resend_api_key: str = field(repr=False)
    resend_webhook_secret: str = field(repr=False)
    resend_inbound_secret: str = field(repr=False)
    mail_inbound_domain: str
    mail_from: str
    paypal_api_url: str
    stripe_api_url: str
    live_url: str
    metrics_token: str = field(repr=False)
    api_requests_per_minute: int
    var: Path

    def shop_url(self, domain: str) -> str:
        """Where the Admin API of a shop answers."""
        return self.shopify_shop_url.format(shop=domain)

    def storefront_url(self, domain: str, primary_host: str | None = None) -> str:
        """Where customers see the shop: as STOREFRONT_URLS says, else on its primary domain."""
        return self.storefront_urls.get(domain, f"https://{primary_host or domain}")

    def admin_app_url(self, domain: str, path: str = "") -> str:
        """The address, inside the Shopify admin, of a page of this app."""
        return f"{self.shopify_admin_url}/store/{domain.removesuffix('.myshopify.com')}/apps/{self.handle}{path}"

    @property
    def handle(self) -> str:
        """The app's handle in the admin, as in shopify.app.toml."""
        return "stallkeeper"

    @property
    def is_secure(self) -> bool:
        """Whether people reach us over TLS, which decides about Secure cookies."""
        return self.app_url.startswith("https://")


def read_config(env: Mapping[str, str] = os.environ) -> Config:
    """Raises ConfigError naming every setting that is missing."""
    missing = [name for name in ("SHOPIFY_API_KEY", "SHOPIFY_API_SECRET") if not env.get(name)]
    if missing:
        raise ConfigError(f"Set {' and '.join(missing)}: Shopify's Dev Dashboard shows them under your app's settings.")
    var = Path(env.get("STALLKEEPER_VAR", "var")).resolve()
    here = (env.get("HOST") or f"http://127.0.0.1:{env.get('PORT', '5000')}").rstrip("/")
    app_url = _read_origin(env, "APP_URL", here)
    return Config(
        app_url=app_url,
        portal_url=_read_origin(env, "PORTAL_URL", app_url),
        shopify_api_key=env["SHOPIFY_API_KEY"],
        shopify_api_secret=env["SHOPIFY_API_SECRET"],
        shopify_api_secret_previous=env.get("SHOPIFY_API_SECRET_PREVIOUS") or None,
        shopify_shop_url=env.get("SHOPIFY_SHOP_URL", "https://{shop}"),
        shopify_cdn_url=env.get("SHOPIFY_CDN_URL", "https://cdn.shopify.com"),
        shopify_admin_url=env.get("SHOPIFY_ADMIN_URL", "https://admin.shopify.com"),
        storefront_urls=_read_pairs(env.get("STOREFRONT_URLS", "")),
        secret_keys=_read_secret_keys(env, var),
        database_url=_read_server(env, "DATABASE_URL", "postgresql", "postgres", "postgresql+psycopg"),
        redis_url=_read_server(env, "REDIS_URL", "redis", "rediss", "unix"),
        resend_api_url=env.get("RESEND_API_URL", "https://api.resend.com"),
        resend_api_key=env.get("RESEND_API_KEY", ""),
        resend_webhook_secret=env.get("RESEND_WEBHOOK_SECRET", ""),
        resend_inbound_secret=env.get("RESEND_INBOUND_SECRET", ""),
        mail_inbound_domain=env.get("MAIL_INBOUND_DOMAIN", "").strip().lower(),
        mail_from=env.get("MAIL_FROM", "marketplace@stallkeeper.example"),
        paypal_api_url=env.get("PAYPAL_API_URL", "https://api-m.paypal.com").rstrip("/"),
        stripe_api_url=env.get("STRIPE_API_URL", "https://api.stripe.com").rstrip("/"),
        live_url=env.get("LIVE_URL", f"{app_url}/live").rstrip("/"),
        metrics_token=env.get("METRICS_TOKEN", ""),
        api_requests_per_minute=_read_count(env, "API_REQUESTS_PER_MINUTE", 600),
        var=var,
    )


@cache
def get_config() -> Config:
    return read_config()


def _read_origin(env: Mapping[str, str], name: str, default: str) -> str:
    """Scheme and host alone, in small letters, as browsers call an origin."""
    value = env.get(name, "").rstrip("/").lower()
    if value in {"", default.lower()}:
        return default
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or value != f"{parts.scheme}://{parts.netloc}":
        raise ConfigError(f"{name} is an address such as https://market.example.com, without a path.")
    return value


def _read_server(env: Mapping[str, str], name: str, *schemes: str) -> str | None:
    """None: one of our own is started. What is wrong is not repeated: a password may stand in it."""
    value = env.get(name) or None
    if value and value.partition("://")[0] not in schemes:
        raise ConfigError(f"{name} is an address that begins with {schemes[0]}://.")
    return value


def _read_count(env: Mapping[str, str], name: str, usual: int) -> int:
    text = env.get(name) or str(usual)
    if not text.isdecimal() or not int(text):
        raise ConfigError(f"{name} is a whole number above 0, such as {usual}.")
    return int(text)


def _read_pairs(text: str) -> dict[str, str]:
    """Read `acme.myshopify.com=http://…,zenith.myshopify.com=http://…` as a dict."""
    return {
        name.strip(): url.strip().rstrip("/") for name, _, url in (p.partition("=") for p in text.split(",")) if url
    }


def _read_secret_keys(env: Mapping[str, str], var: Path) -> tuple[str, ...]:
    """SECRET_KEYS, newest first. With the embedded database the key lives beside the data, made on first use."""
    if keys := tuple(key.strip() for key in env.get("SECRET_KEYS", "").split(",") if key.strip()):
        return keys
    if env.get("DATABASE_URL"):
        raise ConfigError(
            "Set SECRET_KEYS: one or more random strings, comma-separated, newest first. They encrypt tokens."
        )
    path = var / "secret-key"
    if not path.exists():
        var.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")
        new.touch(mode=0o600)
        new.write_text(secrets.token_urlsafe(32))
        with contextlib.suppress(FileExistsError):  # another process was first: its key is the one
            path.hardlink_to(new)
        new.unlink()
    return (path.read_text().strip(),)
