"""A whole marketplace on this machine: the development store as its own process, the app in this one, jobs when told.

Everything goes through the doors that people use: the admin's frame, the storefront, the portal, webhooks, mail.
Nothing inside is replaced; jobs run when `settle` is called, so that a test decides what happens in between.
"""

import multiprocessing
import re
import ssl
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select
from werkzeug.serving import BaseWSGIServer

from app import db, queue
from app.models.events import InboxEvent, InboxState
from app.models.shops import Shop
from app.models.vendors import Vendor
from jobs.worker import Worker
from tests.scenarios import store_process
from tests.servers import make_server

ROOT = Path(__file__).parents[2]
SHOPS = {"acme": "acme.myshopify.com", "zenith": "zenith.myshopify.com"}
_HTTP = httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), timeout=60)
"""One for all: reading the certificates of the world, for each call to this machine, took most of a test's time."""
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["pytest", "devstore.__main__"])
LINK = re.compile(r"https?://\S+/portal/enter/[\w-]+(?:\?[^\s\"<]*)?")


@dataclass
class Market:
    """Where everything answers, and the hands to play with it."""

    folder: Path
    ports: dict[str, int]
    key: str = "0123456789abcdef0123456789abcdef"
    secret: str = "shpss_0123456789abcdef0123456789abcdef"
    _running: list[Any] = field(default_factory=list)

    @property
    def app_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['app']}"

    @property
    def store_url(self) -> str:
        return f"http://localhost:{self.ports['devstore']}"

    def storefront_url(self, shop: str = "acme") -> str:
        return f"http://localhost:{self.ports[shop]}"

    def environment(self) -> dict[str, str]:
        """What the app reads. Like a demo: the store and the app on two host names."""
        store = f"http://127.0.0.1:{self.ports['devstore']}"
        return {
            "APP_URL": self.app_url,
            "SHOPIFY_API_KEY": self.key,
            "SHOPIFY_API_SECRET": self.secret,
            "SHOPIFY_SHOP_URL": store + "/shops/{shop}",
            "SHOPIFY_CDN_URL": f"{self.store_url}/cdn",
            "SHOPIFY_ADMIN_URL": self.store_url,
            "STOREFRONT_URLS": ",".join(f"{domain}={self.storefront_url(name)}" for name, domain in SHOPS.items()),
            "RESEND_API_URL": f"{store}/resend",
            "RESEND_API_KEY": "re_test",
            "PAYPAL_API_URL": f"{store}/paypal",
            "STRIPE_API_URL": f"{store}/stripe",
            "MAIL_FROM": "marketplace@acme.example",
        }

    def start_store(self) -> None:
        shops = ",".join(f"{domain}={self.ports[name]}" for name, domain in SHOPS.items())
        environment = {
            "DEVSTORE_PORT": str(self.ports["devstore"]),
            "DEVSTORE_STOREFRONTS": shops,
            "DEVSTORE_DATA": str(self.folder / "devstore"),
            "DEVSTORE_APP_URL": self.app_url,
            "DEVSTORE_CLIENT_ID": self.key,
            "DEVSTORE_CLIENT_SECRET": self.secret,
            "DEVSTORE_APP_TOML": str(ROOT / "shopify.app.toml"),
            "DEVSTORE_EXTENSION_DIR": str(ROOT / "extensions" / "theme"),
        }
        process = _FORKS.Process(target=store_process.run, args=(environment, self.folder / "devstore.log"))
        process.start()
        self._running.append(process)
        self._await(f"{self.store_url}/_control/health", process)

    def start_app(self) -> None:
        import wsgi  # noqa: PLC0415 - reads the configuration, which the fixture has just set

        server = make_server("127.0.0.1", self.ports["app"], wsgi.create_server())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._running.append(server)

    def stop(self) -> None:
        for one in reversed(self._running):
            if isinstance(one, BaseWSGIServer):
                one.shutdown()
                one.server_close()
            else:
                one.terminate()
                one.join(60)

    def _await(self, url: str, process: BaseProcess) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert process.is_alive(), (self.folder / "devstore.log").read_text()[-3000:]
            try:
                if _HTTP.get(url, timeout=2).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"{url} did not answer: " + (self.folder / "devstore.log").read_text()[-3000:])

    # -- people --------------------------------------------------------------------------------------------------------

    def install(self, shop: str = "acme") -> Shop:
        """The merchant presses Install in the admin and opens the app for the first time."""
        pressed = _HTTP.post(f"{self.store_url}/store/{shop}/apps/stallkeeper/install")
        assert pressed.status_code == 302, pressed.text
        answer = self.merchant("/app", shop=shop)
        assert answer.status_code == 200, answer.text
        self.settle()
        with db.system() as session:
            return session.scalars(select(Shop).where(Shop.domain == SHOPS[shop])).one()

    def id_token(self, shop: str = "acme") -> str:
        """What App Bridge puts into a request: the admin signs it for whoever is signed in there."""
        answer = _HTTP.post(f"{self.store_url}/store/{shop}/apps/stallkeeper/id_token").raise_for_status()
        token: str = answer.json()["id_token"]
        return token

    def merchant(self, path: str, data: dict[str, Any] | None = None, *, shop: str = "acme") -> httpx.Response:
        """A request from inside the admin's frame: GET, or POST when there is data."""
        headers = {"Authorization": f"Bearer {self.id_token(shop)}", "HX-Request": "true"}
        if data is None:
            return _HTTP.get(self.app_url + path, headers=headers, timeout=60)
        return _HTTP.post(self.app_url + path, data=data, headers=headers, timeout=60)

    def apply(self, *, shop: str = "acme", **fields: Any) -> httpx.Response:
        """Somebody sends the storefront's form: through Shopify's app proxy to the app."""
        wanted = {"contact_name": "Ada", "what_they_sell": "Mugs, bowls and plates.", **fields}
        url = f"{self.storefront_url(shop)}/a/market/apply"
        return _HTTP.post(url, json=wanted, headers={"Accept": "application/json"}, timeout=60)

    def sign_in(self, link: str) -> httpx.Client:
        """A vendor opens the link from an e-mail and presses Continue."""
        browser = httpx.Client(
            base_url=self.app_url, headers={"Origin": self.app_url}, follow_redirects=True, timeout=60
        )
        assert browser.get(link).status_code == 200
        answer = browser.post(link.split("?", maxsplit=1)[0])
        assert answer.status_code == 200, answer.text
        return browser

    def mails(self, to: str = "") -> list[dict[str, Any]]:
        """The inbox, newest first."""
        found: list[dict[str, Any]] = _HTTP.get(f"{self.store_url}/inbox.json", params={"to": to}).json()
        return found

    def ask_shopify(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The Admin API, asked about Acme with the app's own token, to look at what Shopify holds."""
        from app.shopify import tokens  # noqa: PLC0415

        with db.system() as session:
            row = session.scalars(select(Shop).where(Shop.domain == SHOPS["acme"])).one()
        token = tokens.get_access_token(tokens.ShopCredentials(row.id, row.domain))
        url = f"{self.store_url}/shops/{row.domain}/admin/api/2026-10/graphql.json"
        body = {"query": query, "variables": variables or {}}
        answer = _HTTP.post(url, json=body, headers={"X-Shopify-Access-Token": token}).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def onboard(self, name: str = "Ada's Ceramics", email: str = "ada@example.com") -> httpx.Client:
        """Somebody applies, is approved, and has the portal open."""
        assert self.apply(name=name, email=email).status_code == 200
        self.settle()
        with db.system() as session:
            vendor_id = session.scalars(select(Vendor.id).where(Vendor.email == email)).one()
        self.merchant(f"/app/vendors/{vendor_id}/approve", {})
        self.settle()
        link = LINK.search(self.mails(email)[0]["text"])
        assert link, self.mails(email)[0]
        return self.sign_in(link[0])

    # -- time ----------------------------------------------------------------------------------------------------------

    def settle(self, seconds: float = 120) -> None:
        """Run jobs and wait for webhooks until nothing is left to do anywhere; rings that were lost come again."""
        began = rang = time.monotonic()
        quiet = 0
        while quiet < 3:
            busy = {what for what in (self._work, self._webhooks_waiting, self._inbox_waiting) if what()}
            assert time.monotonic() < began + seconds, f"the marketplace does not come to rest: {busy}"
            if busy and time.monotonic() > rang + 5:
                rang = time.monotonic()
                queue.enqueue("jobs.events.drain", queue="events")
            quiet = 0 if busy else quiet + 1
            time.sleep(0.02)

    def _work(self) -> bool:
        connection: Redis = queue.get_redis()
        doorbells = [Queue(name, connection=connection, serializer=JSONSerializer) for name in queue.QUEUES]
        waiting = sum(len(one) for one in doorbells)
        if waiting:
            worker = Worker(doorbells, connection=connection, serializer=JSONSerializer)
            worker.work(burst=True, logging_level="WARNING")
        return waiting > 0

    def _webhooks_waiting(self) -> bool:
        return bool(_HTTP.get(f"{self.store_url}/_control/webhooks", params={"state": "pending"}).json())

    def _inbox_waiting(self) -> bool:
        with db.system() as session:
            waiting = session.scalar(
                select(func.count()).select_from(InboxEvent).where(InboxEvent.state == InboxState.RECEIVED)
            )
        return bool(waiting)
