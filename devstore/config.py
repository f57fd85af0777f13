"""What the development store is told from outside: ports, folders, and the app it serves."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

API_VERSION = "2026-10"


@dataclass(frozen=True)
class Config:
    """`storefronts` maps a shop's domain to the port of its storefront; `app_toml` is `shopify.app.toml` as parsed."""

    port: int
    storefronts: Mapping[str, int]
    data: Path
    app_url: str
    client_id: str
    client_secret: str
    app_toml: Mapping[str, Any]
    extension_dir: Path
    resend_secret: str = ""
    """What the mail service signs its webhooks with; without one it sends none."""

    @property
    def public_url(self) -> str:
        """Where browsers reach the store. Not the app's host name, so that the app is cross-site in its frame."""
        return f"http://localhost:{self.port}"

    def storefront_url(self, shop: str) -> str:
        return f"http://localhost:{self.storefronts[shop]}"

    @property
    def app_handle(self) -> str:
        return str(self.app_toml.get("handle", "app"))

    @property
    def scopes(self) -> list[str]:
        listed = str(self.app_toml.get("access_scopes", {}).get("scopes", ""))
        return [scope.strip() for scope in listed.split(",") if scope.strip()]

    @property
    def app_proxy(self) -> dict[str, str]:
        """`url` (absolute), `prefix` and `subpath` of the app's proxy; empty when the app declares none."""
        declared = dict(self.app_toml.get("app_proxy", {}))
        return {**declared, "url": self.absolute(declared["url"])} if declared else {}

    def absolute(self, uri: str) -> str:
        return self.app_url.rstrip("/") + uri if uri.startswith("/") else uri


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration from DEVSTORE_* variables. Raises KeyError naming a missing one, ValueError for a bad one."""
    pairs = [pair.partition("=") for pair in environ["DEVSTORE_STOREFRONTS"].split(",") if pair]
    toml = Path(environ.get("DEVSTORE_APP_TOML", "shopify.app.toml"))
    return Config(
        port=int(environ.get("DEVSTORE_PORT", "4000")),
        storefronts={domain.strip(): int(port) for domain, _, port in pairs},
        data=Path(environ["DEVSTORE_DATA"]),
        app_url=environ["DEVSTORE_APP_URL"].rstrip("/"),
        client_id=environ["DEVSTORE_CLIENT_ID"],
        client_secret=environ["DEVSTORE_CLIENT_SECRET"],
        app_toml=tomllib.loads(toml.read_text(encoding="utf-8")),
        extension_dir=Path(environ.get("DEVSTORE_EXTENSION_DIR", "extensions/theme")),
        resend_secret=environ.get("DEVSTORE_RESEND_SECRET", ""),
    )
