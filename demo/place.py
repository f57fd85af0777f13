"""Where the demo lives: its folder, its ports and keys, and the environment of the programs it starts."""

import base64
import fcntl
import json
import os
import secrets
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
SHOPS = {"acme": "acme.myshopify.com", "zenith": "zenith.myshopify.com"}
_claims: list[IO[str]] = []
"""Held until this process ends."""
_PREFERRED = {"devstore": 4000, "acme": 4001, "zenith": 4002, "app": 5000, "live": 5001}


@dataclass(frozen=True)
class Place:
    """One demo on this machine. Ports and keys are chosen once and kept, so that stored links stay true."""

    var: Path
    ports: dict[str, int]
    keys: dict[str, str]

    @property
    def data(self) -> Path:
        return self.var / "demo"

    @property
    def json_path(self) -> Path:
        return self.var / "demo.json"

    def url(self, name: str) -> str:
        """The app is on another host name than the store: cross-site in its frame, as it will be in reality."""
        host = "127.0.0.1" if name in {"app", "live"} else "localhost"
        return f"http://{host}:{self.ports[name]}"

    @property
    def mail_secret(self) -> str:
        """What the mail service signs with; made of its key, so that a demo from before has one as well."""
        return "whsec_" + base64.b64encode(f"webhooks of {self.keys['resend_key']}".encode()).decode()

    def environment(self) -> dict[str, str]:
        """For the app and the development store alike: each reads its own names."""
        shops = {domain: self.ports[name] for name, domain in SHOPS.items()}
        store = f"http://127.0.0.1:{self.ports['devstore']}"
        return {
            **os.environ,
            "STALLKEEPER_VAR": str(self.data),
            "STALLKEEPER_CLOCK_DIR": str(self.data),
            "APP_URL": self.url("app"),
            "LIVE_URL": self.url("live"),
            "SHOPIFY_API_KEY": self.keys["api_key"],
            "SHOPIFY_API_SECRET": self.keys["api_secret"],
            "SHOPIFY_SHOP_URL": store + "/shops/{shop}",
            "SHOPIFY_CDN_URL": self.url("devstore") + "/cdn",
            "SHOPIFY_ADMIN_URL": self.url("devstore"),
            "STOREFRONT_URLS": ",".join(f"{domain}={self.url(name)}" for name, domain in SHOPS.items()),
            "RESEND_API_URL": f"{store}/resend",
            "RESEND_API_KEY": self.keys["resend_key"],
            "RESEND_WEBHOOK_SECRET": self.mail_secret,
            "DEVSTORE_RESEND_SECRET": self.mail_secret,
            "RESEND_INBOUND_SECRET": self.mail_secret,
            "MAIL_INBOUND_DOMAIN": "reply.acme.example",
            "PAYPAL_API_URL": f"{store}/paypal",
            "STRIPE_API_URL": f"{store}/stripe",
            "MAIL_FROM": "marketplace@acme.example",
            "DEVSTORE_PORT": str(self.ports["devstore"]),
            "DEVSTORE_STOREFRONTS": ",".join(f"{domain}={port}" for domain, port in shops.items()),
            "DEVSTORE_DATA": str(self.data / "devstore"),
            "DEVSTORE_APP_URL": self.url("app"),
            "DEVSTORE_CLIENT_ID": self.keys["api_key"],
            "DEVSTORE_CLIENT_SECRET": self.keys["api_secret"],
            "DEVSTORE_APP_TOML": str(ROOT / "shopify.app.toml"),
            "DEVSTORE_EXTENSION_DIR": str(ROOT / "extensions" / "theme"),
        }


def default_var() -> Path:
    """The folder of this checkout's demo; DEMO_VAR names another."""
    return Path(os.environ.get("DEMO_VAR", ROOT / "var")).resolve()


def find_place(var: Path) -> Place:
    """The demo in `var`, with free ports: those it had, or the next free ones."""
    kept = var / "demo" / "place.json"
    known: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    wanted = known.get("ports", _PREFERRED)
    taken: set[int] = set()
    ports = {name: _free_port(port, taken) for name, port in wanted.items()}
    place = Place(var, ports, known.get("keys") or _new_keys())
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.touch(mode=0o600)
    kept.write_text(json.dumps({"ports": ports, "keys": place.keys}, indent=2))
    return place


def read_running() -> dict[str, Any] | None:
    """What demo.json says, when the demo it speaks of is alive."""
    path = default_var() / "demo.json"
    if not path.exists():
        return None
    told: dict[str, Any] = json.loads(path.read_text())
    try:
        os.kill(told["pids"]["demo"], 0)
    except (OSError, KeyError):
        return None
    return told


def _new_keys() -> dict[str, str]:
    return {
        "api_key": secrets.token_hex(16),
        "api_secret": f"shpss_{secrets.token_hex(16)}",
        "resend_key": f"re_{secrets.token_hex(12)}",
    }


def _free_port(wanted: int, taken: set[int]) -> int:
    """`wanted`, or the next one that nobody listens on and no other demo that is just starting has chosen."""
    for port in range(wanted, wanted + 400):
        if port not in taken and claim(port) and not _answers(port):
            taken.add(port)
            return port
    raise SystemExit(f"No free port between {wanted} and {wanted + 400}.")


def _answers(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def claim(port: int) -> bool:
    """Make a port this process's own among ours: seconds pass between choosing one and listening on it, and servers may
    share one without a word.
    """
    handle = (Path(tempfile.gettempdir()) / f"stallkeeper-port-{port}.lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return False
    _claims.append(handle)
    return True
