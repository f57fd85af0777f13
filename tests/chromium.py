"""A real browser, for tests and for what is measured."""

import shutil

from playwright.sync_api import Browser, Playwright, ProxySettings

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def launch(playwright: Playwright, proxy: ProxySettings | None = None) -> Browser:
    """Without the list below the address bar, which each window begins by drawing and nobody sees: half a second of
    CPU. To switch it off, what Playwright switches off has to be said again: an automated browser tells how it was
    begun.
    """
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert path, "no Chromium: `make test` installs it, or says how"
    plain = playwright.chromium.launch(executable_path=path, args=[*_FLAGS, "--enable-automation"])
    begun = plain.new_browser_cdp_session().send("Browser.getBrowserCommandLine")["arguments"]
    plain.close()
    [*_, off] = [each for each in begun if each.startswith("--disable-features=")]
    flags = [*_FLAGS, f"{off},WebUIOmniboxPopup,WebUIOmniboxAimPopup"]
    return playwright.chromium.launch(executable_path=path, proxy=proxy, args=flags)
