"""Where a code may lead, what counts as a scan, and what stands in the printed address. Pure."""

import re
import secrets
from typing import Final

from app.languages import _

LONGEST_NAME: Final = 80
LONGEST_CAPTION: Final = 60
LONGEST_PATH: Final = 300
COUNT_AGAIN_AFTER: Final = 3600
"""Seconds in which the same device counts once."""
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is mistaken for another when typed
_CODE: Final = re.compile(f"[{_ALPHABET}]{{8}}")
_PLACES: Final = ("/products/", "/collections/", "/pages/", "/blogs/")
_PATH: Final = re.compile(r"/[A-Za-z0-9._~/%?=&+-]*", re.ASCII)
_ROBOT: Final = re.compile(
    r"bot|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|telegram|skype|curl|wget|python|java/|okhttp"
    r"|headless|lighthouse|monitor|scan(?:ner)?\b",
    re.IGNORECASE,
)


def new_code() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def find_fault(path: str) -> str | None:
    """Why a code may not lead to `path`, in a sentence. Only pages of the shop that change nothing when opened."""
    if len(path) > LONGEST_PATH:
        return _("Use at most %(number)s characters.", number=LONGEST_PATH)
    if not _PATH.fullmatch(path) or path.startswith("//"):
        return _("Enter the part of the address after the shop's name. It begins with one slash: /pages/market-day.")
    if path != "/" and not path.startswith(_PLACES):
        places = ", ".join(_PLACES)
        return _("A code leads to the shop's first page, or to an address that begins with %(places)s.", places=places)
    if ".." in path or "%" in path.partition("?")[0]:
        return _("Copy the address from your browser without dots or percent signs in it.")
    return None


def is_person(method: str, user_agent: str, purpose: str) -> bool:
    """Whether somebody looks: robots and previews count for nothing."""
    return method == "GET" and bool(user_agent) and not _ROBOT.search(user_agent) and not purpose
