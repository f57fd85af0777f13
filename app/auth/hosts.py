"""Two host names for one program: the app's own, and the merchant's for the vendor pages (PORTAL_URL)."""

from typing import Final
from urllib.parse import urlsplit

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.config import get_config
from app.errors import NotFound

_AT_THE_PORTAL: Final = ("/portal", "/static/", "/healthz", "/readyz")


def has_two() -> bool:
    """Whether the vendor pages have a host of their own."""
    return get_config().portal_url != get_config().app_url


def is_for_vendors(host: str) -> bool:
    """Whether it is the merchant's host for the vendor pages, where nothing else is answered."""
    return has_two() and host == urlsplit(get_config().portal_url).netloc


def lead_to_the_right_host() -> ResponseReturnValue | None:
    """Links to vendor pages at the app's address lead on; at the portal's nothing else is answered."""
    config = get_config()
    if not has_two():
        return None
    at, path = request.host, request.path
    if is_for_vendors(at):
        if path == "/":
            return redirect("/portal")
        if not path.startswith(_AT_THE_PORTAL):
            raise NotFound("There is no such page here.")
    elif at == urlsplit(config.app_url).netloc and path.startswith("/portal") and request.method == "GET":
        return redirect(f"{config.portal_url}{request.full_path.rstrip('?')}")
    return None
