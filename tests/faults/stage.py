"""The whole app on a stage of its own: every process real, every connection by way of a proxy that can misbehave.

Between the app and PostgreSQL, Redis and Shopify (the development store) stands a proxy each. PostgreSQL has a disk of
its own that can fill up, where this user may mount one; a library under the programs makes disks slow and clocks
jump, where there is a C compiler. A watcher restarts what dies, as a service manager would.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from app import db
from bench import servers, shim
from tests.faults.disk import find_disk
from tests.ports import free_ports
from tests.proxy import Proxy

PROGRAMS = {
    "web": ["app.cli", "serve"],
    "worker": ["app.cli", "worker", "events"],
    "catalogue": ["app.cli", "worker", "catalogue"],
    "emails": ["app.cli", "worker", "emails"],
    "links": ["app.cli", "worker", "links"],
    "cron": ["app.cli", "cron"],
}
ADA = "ada@example.com"
_WATCH_SECONDS = 0.1


class Stage:
    """Servers, proxies, programs. `kill` ends one; the watcher starts it again."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.disk = find_disk(var / "postgres")
        library = shim.build(var)
        self.under_database = shim.Shim(library, var / "under-database") if library else None
        self.under_programs = shim.Shim(library, var / "under-programs") if library else None
        self.database = self._start_database()
        self.bell = servers.Bell(var)
        self.ports = dict(zip(("web", "devstore", "acme", "zenith"), free_ports(4), strict=True))
        self.database_proxy = Proxy(lambda: self.database.socket)
        self.bell_proxy = Proxy(lambda: self.bell.socket)
        self.shopify_proxy = Proxy(lambda: self.ports["devstore"])
        self.shopify_url = f"http://127.0.0.1:{self.ports['devstore']}"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.deaths: list[str] = []
        """What was killed, or died by itself, and was started again."""
        self._stopping = threading.Event()
        self._lock = threading.Lock()

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['web']}"

    def open(self) -> None:
        """Start everything, and install the app in the development store's shop through its own doors."""
        db.use_database(self.database.url.replace("postgresql://", "postgresql+psycopg://"))
        self._start_devstore()
        for name in PROGRAMS:
            self.running[name] = self._start(name)
        threading.Thread(target=self._watch, daemon=True).start()
        self._await(f"{self.web_url}/readyz")
        self._install()

    def close(self) -> None:
        self._stopping.set()
        with self._lock:
            for process in self.running.values():
                servers.kill_group(process)
        servers.end(self._devstore)
        db.get_engine().dispose()
        self.database_proxy.close()
        self.bell_proxy.close()
        self.shopify_proxy.close()
        self.bell.stop()
        self.database.stop()
        if self.disk:
            self.disk.unmount()

    def restart_database(self) -> None:
        """As a service manager does; a server that runs is left alone."""
        with self._under_database():
            self.database.start()

    def kill(self, name: str) -> None:
        """kill -9 the program and its children."""
        with self._lock:
            servers.kill_group(self.running[name])

    def kill_child(self, name: str) -> None:
        """kill -9 a program's child alone, such as the web server's worker. Its parent must cope."""
        parent = self.running[name].pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), 9)
                self.deaths.append(f"child of {name}")

    def signal(self, name: str, number: int) -> None:
        os.kill(self.running[name].pid, number)

    @contextlib.contextmanager
    def another(self, name: str) -> Iterator[None]:
        """One more process of a kind for a while."""
        process = self._start(name)
        try:
            yield
        finally:
            servers.end(process)

    def trouble_shopify(self, target: str, kind: str, times: int, delay_ms: int = 0) -> None:
        fault = {"target": target, "kind": kind, "times": times, "delay_ms": delay_ms}
        httpx.post(f"{self.shopify_url}/_control/faults", json=fault, timeout=10).raise_for_status()

    def ask_for_link(self, email: str) -> None:
        """As somebody who sells does at the door of the vendor pages; again, while nobody answers."""
        typed, origin = {"email": email, "shop": servers.SHOP}, {"Origin": self.web_url}
        until = time.monotonic() + 40
        while time.monotonic() < until:
            with contextlib.suppress(httpx.TransportError):
                if httpx.post(f"{self.web_url}/portal/login", data=typed, headers=origin, timeout=5).is_success:
                    return
            time.sleep(0.1)
        raise AssertionError("nobody took the wish for a link")

    def links_to(self, email: str) -> int:
        """How many have reached an inbox."""
        wanted = {"to": email, "subject": "sign-in link"}
        return len(httpx.get(f"{self.shopify_url}/inbox.json", params=wanted, timeout=10).json())

    def _under_database(self) -> contextlib.AbstractContextManager[None]:
        return self.under_database.inherited() if self.under_database else contextlib.nullcontext()

    def _start_database(self) -> servers.Database:
        with self._under_database():
            return servers.Database(self.var)

    def _environment(self) -> dict[str, str]:
        shopify = f"http://127.0.0.1:{self.shopify_proxy.port}"
        return servers.environment(
            self.var,
            self.database.through(self.database_proxy.port),
            f"redis://127.0.0.1:{self.bell_proxy.port}/0",
            PORT=str(self.ports["web"]),
            APP_URL=self.web_url,
            SHOPIFY_SHOP_URL=shopify + "/shops/{shop}",
            SHOPIFY_ADMIN_URL=self.shopify_url,
            STOREFRONT_URLS=f"{servers.SHOP}=http://localhost:{self.ports['acme']}",
            RESEND_API_URL=f"{shopify}/resend",
            **(self.under_programs.environment() if self.under_programs else {}),
        )

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        return servers.start(PROGRAMS[name], self._environment(), self.var / f"{name}.log")

    def _watch(self) -> None:
        while not self._stopping.wait(_WATCH_SECONDS):
            with self._lock:
                for name, process in self.running.items():
                    if process.poll() is not None and not self._stopping.is_set():
                        self.deaths.append(name)
                        servers.kill_group(process)
                        self.running[name] = self._start(name)

    def _start_devstore(self) -> None:
        shops = ",".join(f"{name}.myshopify.com={self.ports[name]}" for name in ("acme", "zenith"))
        settings = {
            "DEVSTORE_PORT": str(self.ports["devstore"]),
            "DEVSTORE_STOREFRONTS": shops,
            "DEVSTORE_DATA": str(self.var / "devstore"),
            "DEVSTORE_APP_URL": self.web_url,
            "DEVSTORE_CLIENT_ID": servers.API_KEY,
            "DEVSTORE_CLIENT_SECRET": servers.API_SECRET,
            "DEVSTORE_APP_TOML": str(servers.ROOT / "shopify.app.toml"),
            "DEVSTORE_EXTENSION_DIR": str(servers.ROOT / "extensions" / "theme"),
        }
        self._devstore = servers.start(["devstore"], {**os.environ, **settings}, self.var / "devstore.log")
        self._await(f"{self.shopify_url}/_control/health")

    def _install(self) -> None:
        store = f"http://localhost:{self.ports['devstore']}/store/acme/apps/stallkeeper"
        assert httpx.post(f"{store}/install", timeout=20).status_code == 302
        token = httpx.post(f"{store}/id_token", timeout=20).raise_for_status().json()["id_token"]
        headers = {"Authorization": f"Bearer {token}", "HX-Request": "true"}
        answer = httpx.get(f"{self.web_url}/app", headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text

    def _await(self, url: str, seconds: float = 40) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(url, timeout=2).is_success:
                    return
            time.sleep(0.05)
        logs = "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in self.var.glob("*.log"))
        sys.stderr.write(logs)
        raise AssertionError(f"{url} did not answer")
