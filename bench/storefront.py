"""`make bench-storefront`: what the theme's pages cost with the extension's blocks and without, in one run.

Two storefronts with the same theme and goods; in one of them the app is installed. Chromium opens each page of both in
turn, on a CPU slowed down four times, and its own observers tell the Core Web Vitals (https://web.dev/articles/vitals):
LCP, CLS and, after clicks, INP; the DevTools protocol counts requests and bytes. Nothing is kept between two visits.

LCP is told as it is and from the page's first byte, and the first byte beside them. Until that byte Shopify's own
servers render Liquid; here it is the development store's Python, which takes its time for our blocks and says nothing
about Shopify; scripts, style sheets and pictures come from memory, as from a CDN. Of the slowest interaction, INP, it
is also told how long scripts worked, the theme's and ours: the rest is the browser's own, finding what was hit and
drawing the next frame, and a busy machine makes it longer.
The difference is that of visits made one after the other, with the interval in which its mean lies (95 of 100 times).
"""

import argparse
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app

from bench import conditions, servers
from devstore import seed, server
from devstore.installations import install
from devstore.store import Store
from tests.devstore.conftest import make_config
from tests.devstore.storefront.cast import ACME, define_vendors, product, vendor

RESULT = servers.ROOT / "var" / "bench" / "storefront.json"
PAGES = {"home": "/", "product": "/products/mug-1", "collection": "/collections/all"}
SLOWER = 4
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_OBSERVE = """
window.seen = {first: 0, lcp: 0, shown: 0, cls: 0, inp: 0, script: 0};
const watch = (type, take, more) => new PerformanceObserver((list) => list.getEntries().forEach(take))
    .observe({type, buffered: true, ...more});
watch('largest-contentful-paint', (entry) => { seen.lcp = entry.startTime; });
watch('layout-shift', (entry) => { if (!entry.hadRecentInput) seen.cls += entry.value; });
watch('event', (entry) => {
    if (!entry.interactionId) return;
    seen.inp = Math.max(seen.inp, entry.duration);
    seen.script = Math.max(seen.script, entry.processingEnd - entry.processingStart);
}, {durationThreshold: 16});
"""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: a line for each picture would cost more than the picture."""


class _Edge:
    """Gives what never changes from memory, as a CDN does. A stand-in that takes its time for each asset would make
    each look like a cost of the page that asks for it.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self._kept: dict[str, tuple[str, list[tuple[str, str]], bytes]] = {}

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        if environ["REQUEST_METHOD"] != "GET" or not environ["PATH_INFO"].startswith("/cdn/"):
            return self._application(environ, start)
        address = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        if address not in self._kept:
            self._kept[address] = self._fetch(environ)
        status, headers, body = self._kept[address]
        start(status, headers)
        return [body]

    def _fetch(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        chunks, status, headers = run_wsgi_app(self._application, environ, buffered=True)
        return status, headers.to_wsgi_list(), b"".join(chunks)


@contextmanager
def storefront(folder: Path, *, installed: bool) -> Iterator[str]:
    """Acme's storefront, with the app or without. Yields its address."""
    folder.mkdir()
    config, store = make_config(folder), Store(folder / "store.sqlite3")
    seed.deploy(store, config)
    if installed:
        install(store, ACME)
    define_vendors(store)
    makers = [vendor(store, f"maker-{n}", name=f"Maker {n}", tagline="By hand", since="2024-01-01") for n in range(6)]
    for number in range(24):
        product(store, f"Mug {number}", of=makers[number % 6], prices={"Small": "24.00", "Large": "29.50"})
    edge = _Edge(server.create_storefront(config, store, ACME))
    site = make_server("127.0.0.1", 0, edge, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=site.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    thread.join()
    site.server_close()
    store.close()


def visit(browser: Browser, address: str) -> dict[str, float]:
    """One visit of somebody who was never there: milliseconds, bytes as they came (nothing is compressed here)."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    sizes: list[float] = []
    hosts: set[str] = set()
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.add_init_script(_OBSERVE)
    page.goto(address, wait_until="networkidle")
    _click(page)
    page.wait_for_timeout(400)
    seen: dict[str, float] = page.evaluate(
        "first => ({...seen, first, shown: seen.lcp - first})",
        page.evaluate("performance.getEntriesByType('navigation')[0].responseStart"),
    )
    foreign = {host for host in hosts if host and host != urlsplit(address).netloc}
    context.close()
    return {**seen, "bytes": sum(sizes), "requests": len(sizes), "third parties": len(foreign)}


def _click(page: Page) -> None:
    """What customers press on this page: the theme's sizes, our heart, else anything at all."""
    for press in ("label:has-text('Large')", ".sk-toggle:enabled", "h1"):
        for place in page.locator(press).all()[:1]:
            place.click()
            place.click()


def measure(browser: Browser, addresses: dict[str, str], rounds: int) -> dict[str, Any]:
    """Medians of each page with and without, and their difference; the two take turns, first visits are not counted."""
    told: dict[str, dict[str, list[dict[str, float]]]] = {page: {name: [] for name in addresses} for page in PAGES}
    for number in range(rounds + 1):
        for page, path in PAGES.items():
            for name, address in sorted(addresses.items(), reverse=bool(number % 2)):
                seen = visit(browser, address + path)
                if number:
                    told[page][name].append(seen)
    return {
        page: {
            **{
                name: {key: round(median(one[key] for one in seen), 3) for key in seen[0]}
                for name, seen in both.items()
            },
            "difference": {key: difference(both, key) for key in both["with"][0]},
        }
        for page, both in told.items()
    }


def difference(both: dict[str, list[dict[str, float]]], key: str) -> tuple[float, float]:
    """The mean of what a visit with the blocks has more than the one beside it without, and half its interval."""
    more = [ours[key] - plain[key] for ours, plain in zip(both["with"], both["without"], strict=True)]
    half = 2 * stdev(more) / len(more) ** 0.5 if len(more) > 1 else 0.0
    return round(mean(more), 3), round(half, 3)


def render(result: dict[str, Any]) -> str:
    columns = ("first", "lcp", "shown", "inp", "script", "cls", "bytes", "requests", "third parties")
    heads = ("first byte", "LCP", "from 1st byte", "INP", "script of it", "CLS", *columns[6:])
    lines = [f"{'':24}" + "".join(f"{head:>15}" for head in heads)]
    for page, both in result["pages"].items():
        for name in ("without", "with"):
            figures = (both[name][column] for column in columns)
            lines.append(f"{page + ', ' + name:24}" + "".join(f"{figure:>15,.10g}" for figure in figures))
        more = (both["difference"][column] for column in columns)
        said = (f"{value:+,.4g}" + (f" ± {half:,.3g}" if half else "") for value, half in more)
        lines.append(f"{'':9}difference     " + "".join(f"{each:>15}" for each in said))
    return "\n".join([*lines, conditions.render(result["conditions"])])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.storefront", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    wanted = parser.parse_args(arguments)
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        raise SystemExit("no Chromium: install it, or let `make test` do so")
    found = conditions.describe()
    with (
        tempfile.TemporaryDirectory() as folder,
        storefront(Path(folder) / "with", installed=True) as ours,
        storefront(Path(folder) / "without", installed=False) as plain,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        pages = measure(browser, {"without": plain, "with": ours}, wanted.rounds)
        browser.close()
    result = {"conditions": found, "slower": SLOWER, "rounds": wanted.rounds, "pages": pages}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2))
    print(render(result))
    print(f"written to {RESULT.relative_to(servers.ROOT)}")


if __name__ == "__main__":
    main()
