"""`make bench-storefront`: what the theme's pages cost with the extension's blocks and without, in one run.

Two storefronts with the same theme and goods; in one of them the app is installed. Chromium opens each page of both in
turn, on a CPU slowed down four times (`--slower`), and its own observers tell the Core Web Vitals
(https://web.dev/articles/vitals): LCP, CLS and, after clicks, INP; the DevTools protocol counts requests and bytes.
Nothing is kept between two visits.

LCP has visits of its own, many short ones without a click, from a picture of the same site: so what draws has
started, which takes longer than drawing and not always as long. It is told from the page's first byte. Until that byte
Shopify's own servers render Liquid; here it is the development store's Python, which takes its time for our blocks and
says nothing about Shopify; scripts, style sheets and pictures come from memory, as from a CDN. How many pixels the
largest has tells whether it is the same with the blocks and without. Of the slowest
interaction, INP, it is also told how long scripts worked, the theme's and ours: the rest is the browser's own, finding
what was hit and drawing the next frame, and a busy machine makes it longer.
The difference is the median of those of visits made one after the other, with the interval in which it lies (95 of 100
times, by drawing from the differences again and again).
"""

import argparse
import json
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app

from bench import conditions, servers
from devstore import seed, server
from devstore.installations import install
from devstore.store import Store
from tests.chromium import launch
from tests.devstore.conftest import make_config
from tests.devstore.storefront.cast import ACME, define_vendors, product, vendor

RESULT = servers.ROOT / "var" / "bench" / "storefront.json"
PAGES = {"home": "/", "product": "/products/mug-1", "collection": "/collections/all"}
Visit = Callable[[Browser, str], dict[str, float]]
_PICTURES = "/cdn/pictures/"
_WIDTH = 600
_DRAWN_MS = 300
_DRAWS = 2000
_OBSERVE = """
window.seen = {lcp: 0, size: 0, cls: 0, inp: 0, script: 0};
const watch = (type, take, more) => new PerformanceObserver((list) => list.getEntries().forEach(take))
    .observe({type, buffered: true, ...more});
watch('largest-contentful-paint', (entry) => { seen.lcp = entry.startTime; seen.size = entry.size; });
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
    each look like a cost of the page that asks for it. All goods have one picture, each under its own address.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self._kept: dict[str, tuple[str, list[tuple[str, str]], bytes]] = {}

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        if environ["REQUEST_METHOD"] != "GET" or not environ["PATH_INFO"].startswith("/cdn/"):
            return self._application(environ, start)
        if environ["PATH_INFO"].startswith(_PICTURES):
            picture = _draw(min(int(parse_qs(environ["QUERY_STRING"])["width"][0]), _WIDTH))
            start("200 OK", [("Content-Type", "image/jpeg"), ("Content-Length", str(len(picture)))])
            return [picture]
        address = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        if address not in self._kept:
            self._kept[address] = self._fetch(environ)
        status, headers, body = self._kept[address]
        start(status, headers)
        return [body]

    def _fetch(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        chunks, status, headers = run_wsgi_app(self._application, environ, buffered=True)
        return status, headers.to_wsgi_list(), b"".join(chunks)


@cache
def _draw(width: int) -> bytes:
    """A picture as of a product; of 600 pixels it has about 60 kB."""
    file = BytesIO()
    Image.effect_noise((75, 75), 80).resize((width, width)).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def _media(number: int) -> dict[str, Any]:
    said = {"alt": "", "status": "READY", "created_at": "2026-11-01T10:00:00Z"}
    return {"id": number, "url": f"{_PICTURES}{number}.jpg", "width": _WIDTH, "height": _WIDTH, **said}


@contextmanager
def storefront(folder: Path, *, installed: bool, pictures: bool) -> Iterator[str]:
    """Acme's storefront, with the app or without; its goods have pictures or not. Yields its address."""
    folder.mkdir()
    config, store = make_config(folder), Store(folder / "store.sqlite3")
    seed.deploy(store, config)
    if installed:
        install(store, ACME)
    define_vendors(store)
    makers = [vendor(store, f"maker-{n}", name=f"Maker {n}", tagline="By hand", since="2024-01-01") for n in range(6)]
    for number in range(24):
        goods: dict[str, Any] = {"prices": {"Small": "24.00", "Large": "29.50"}, "media": [_media(number)] * pictures}
        product(store, f"Mug {number}", of=makers[number % 6], **goods)
    edge = _Edge(server.create_storefront(config, store, ACME))
    site = make_server("127.0.0.1", 0, edge, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=site.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    thread.join()
    site.server_close()
    store.close()


@contextmanager
def opened(browser: Browser, slower: int) -> Iterator[Page]:
    """Somebody who was never there, on a slow phone: Lighthouse's."""
    context = browser.new_context(viewport={"width": 412, "height": 823}, device_scale_factor=1.75)
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.add_init_script(_OBSERVE)
    yield page
    context.close()


def look(browser: Browser, address: str, *, slower: int) -> dict[str, float]:
    """One visit that only looks: milliseconds until the first byte, and from it to the LCP, and its pixels."""
    with opened(browser, slower) as page:
        page.goto(urljoin(address, "/cdn/theme/assets/favicon.svg"))
        page.goto(address, wait_until="load")
        page.wait_for_timeout(_DRAWN_MS)
        first = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
        return {"first": first, "lcp": page.evaluate("seen.lcp") - first, "pixels": page.evaluate("seen.size")}


def use(browser: Browser, address: str, *, slower: int) -> dict[str, float]:
    """One visit with clicks: milliseconds, bytes as they came (nothing is compressed here)."""
    with opened(browser, slower) as page:
        sizes: list[float] = []
        hosts: set[str] = set()
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        page.goto(address, wait_until="networkidle")
        _click(page)
        page.wait_for_timeout(_DRAWN_MS)
        seen: dict[str, float] = page.evaluate("({inp: seen.inp, script: seen.script, cls: seen.cls})")
        foreign = {host for host in hosts if host and host != urlsplit(address).netloc}
        return {**seen, "bytes": sum(sizes), "requests": len(sizes), "third parties": len(foreign)}


def _click(page: Page) -> None:
    """What customers press on this page: the theme's sizes, our heart, else anything at all."""
    for press in ("label:has-text('Large')", ".sk-toggle:enabled", "h1"):
        for place in page.locator(press).all()[:1]:
            place.click()
            place.click()


def measure(
    browser: Browser, addresses: dict[str, str], pages: Sequence[str], rounds: dict[Visit, int]
) -> dict[str, Any]:
    """Medians of each page with and without, and their difference; the two take turns, first visits are not counted."""
    told: dict[str, dict[str, Any]] = {page: {"with": {}, "without": {}, "difference": {}} for page in pages}
    for visit, times in rounds.items():
        for page, both in _take_turns(browser, addresses, pages, visit, times).items():
            for key in both["with"][0]:
                pairs = [(ours[key], plain[key]) for ours, plain in zip(both["with"], both["without"], strict=True)]
                told[page]["with"][key] = round(median(ours for ours, _ in pairs), 3)
                told[page]["without"][key] = round(median(plain for _, plain in pairs), 3)
                told[page]["difference"][key] = difference([ours - plain for ours, plain in pairs])
    return told


def _take_turns(
    browser: Browser, addresses: dict[str, str], pages: Sequence[str], visit: Visit, times: int
) -> dict[str, dict[str, list[dict[str, float]]]]:
    seen: dict[str, dict[str, list[dict[str, float]]]] = {page: {name: [] for name in addresses} for page in pages}
    for number in range(times + 1):
        for page in pages:
            for name, address in sorted(addresses.items(), reverse=bool(number % 2)):
                figures = visit(browser, address + PAGES[page])
                if number:
                    seen[page][name].append(figures)
    return seen


def difference(more: Sequence[float]) -> tuple[float, float, float]:
    """The median, and the interval in which it lies."""
    draw = Random(1)
    medians = sorted(median(draw.choices(more, k=len(more))) for _ in range(_DRAWS))
    return round(median(more), 3), round(medians[_DRAWS // 40], 3), round(medians[-1 - _DRAWS // 40], 3)


def render(result: dict[str, Any]) -> str:
    heads = {"first": "first byte", "lcp": "LCP from it", "inp": "INP", "script": "script of it", "cls": "CLS"}
    columns = [*heads, "pixels", "bytes", "requests", "third parties"]
    lines = [f"{'':24}" + "".join(f"{heads.get(column, column):>22}" for column in columns)]
    for page, both in result["pages"].items():
        for name in ("without", "with"):
            figures = (both[name][column] for column in columns)
            lines.append(f"{page + ', ' + name:24}" + "".join(f"{figure:>22,.10g}" for figure in figures))
        more = (both["difference"][column] for column in columns)
        said = (f"{value:+,.4g}" + (f" ({low:+,.3g}, {high:+,.3g})" if low < high else "") for value, low, high in more)
        lines.append(f"{'':9}difference     " + "".join(f"{each:>22}" for each in said))
    return "\n".join([*lines, conditions.render(result["conditions"])])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.storefront", description=__doc__)
    parser.add_argument("--rounds", type=int, default=60, help="pairs of visits that only look")
    parser.add_argument("--clicks", type=int, default=8, help="pairs of visits with clicks")
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=list(PAGES))
    parser.add_argument("--slower", type=int, default=4, help="how many times slower the CPU is than this machine's")
    parser.add_argument("--bare", action="store_true", help="goods without pictures, so that words are the largest")
    wanted = parser.parse_args(arguments)
    found = conditions.describe()
    with (
        tempfile.TemporaryDirectory() as folder,
        storefront(Path(folder) / "with", installed=True, pictures=not wanted.bare) as ours,
        storefront(Path(folder) / "without", installed=False, pictures=not wanted.bare) as plain,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        addresses = {"without": plain, "with": ours}
        pace = {"slower": wanted.slower}
        rounds: dict[Visit, int] = {partial(look, **pace): wanted.rounds, partial(use, **pace): wanted.clicks}
        pages = measure(browser, addresses, wanted.pages, rounds)
        browser.close()
    result = {
        "conditions": found,
        "slower": wanted.slower,
        "rounds": wanted.rounds,
        "clicks": wanted.clicks,
        "pages": pages,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2))
    print(render(result))
    print(f"written to {RESULT.relative_to(servers.ROOT)}")


if __name__ == "__main__":
    main()
