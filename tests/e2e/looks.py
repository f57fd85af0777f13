"""What a screen must look like for anybody: kept as a picture, tried with axe, fitting its width, easy to hit."""

import re
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Frame, Locator, Page

from demo.place import ROOT

SCREENSHOTS = ROOT / "var" / "screenshots"
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
LEVEL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Describing what is as it should be, too, would take as long again.
_RUN_AXE = """level => axe.run(document, {runOnly: level, resultTypes: ['violations']})
    .then(({violations}) => violations)"""
_CUT_OFF = """() => {
    const hidden = (each) => each && (each.offsetWidth === 1 || hidden(each.parentElement));
    return [...document.querySelectorAll('main *, s-page *')]
        .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1)
        .filter((each) => !hidden(each))
        .slice(0, 3).map((each) => each.outerHTML.slice(0, 160)); }"""
_SMALL = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
    .filter((each) => each.checkVisibility({opacityProperty: true, visibilityProperty: true}))
    .filter((each) => !each.closest('.visually-hidden, .skip, p, li, td, dd, label, s-paragraph, s-text'))
    .map((each) => [each, each.getBoundingClientRect()])
    .filter(([, box]) => box.width > 1 && box.height > 1 && (box.height < 24 || box.width < 24))
    .map(([each, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${each.outerHTML.slice(0, 140)}`)"""
_DOUBLE = """() => [...document.querySelectorAll('[id]')].map((each) => [each, each.getAttribute('id')])
    .filter(([each, id]) => each !== document.getElementById(id)).map(([each, id]) => id)"""


def take_screenshot(page: Page, name: str) -> None:
    """Kept under var/screenshots, to be looked at: the whole page, and an app in its frame down to its end."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size or DESKTOP
    deepest = page.frames[1 if page.locator("#app-frame").count() else 0]
    before, more = deepest.evaluate("[innerHeight, document.documentElement.scrollHeight - innerHeight]")
    if more > 0:
        page.set_viewport_size({"width": size["width"], "height": size["height"] + int(more)})
        deepest.wait_for_function("before => innerHeight > before", arg=before)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, animations="disabled")
    page.set_viewport_size({"width": size["width"], "height": size["height"]})


def list_small_targets(page: Page | Frame) -> list[str]:
    """Controls that a finger misses: under 24 px either way (WCAG 2.5.8), unless they stand in a sentence."""
    return [f"small: {html}" for html in page.evaluate(_SMALL)]


def wait_until_uncovered(field: Locator) -> None:
    """A page may scroll smoothly to a field; in the end nothing, such as a header that stays on top, lies over it."""
    field.page.wait_for_function(
        """field => { const box = field.getBoundingClientRect();
        return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === field; }""",
        arg=field.element_handle(),
    )


def examine(page: Page | Frame, level: list[str] | None = None) -> list[str]:
    """What axe finds (every impact), whether the page is wider than its screen or has things beyond its edge, and ids
    that stand in it twice: a label or a script means only the first.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    faults = [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary']}"
        for each in page.evaluate(_RUN_AXE, level or LEVEL)
        for node in each["nodes"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        faults.append("scrolls sideways")
    faults += [f"double id: {name}" for name in page.evaluate(_DOUBLE)]
    return [*faults, *(f"cut off: {html}" for html in page.evaluate(_CUT_OFF))]


def listen(context: BrowserContext) -> list[str]:
    """Everything that goes wrong in the scripts of the context's pages from now on."""
    heard: list[str] = []
    context.on("weberror", lambda error: heard.append(f"{error.error}"))
    context.on(
        "console", lambda said: heard.append(f"{said.location['url']}: {said.text}") if is_trouble(said) else None
    )
    return heard


def is_trouble(said: ConsoleMessage) -> bool:
    """An error, or a breach of the content policy; not the icon that browsers ask for beside a fragment."""
    return said.type == "error" and not re.search(r"/favicon\.ico$", said.location["url"])
