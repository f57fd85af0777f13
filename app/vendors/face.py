"""What a vendor's public page shows beyond plain words: links to social networks, and its texts in other languages."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

NETWORKS: Final = {
    "instagram": ("Instagram", "instagram.com", "https://www.instagram.com/{}"),
    "facebook": ("Facebook", "facebook.com", "https://www.facebook.com/{}"),
    "tiktok": ("TikTok", "tiktok.com", "https://www.tiktok.com/@{}"),
    "youtube": ("YouTube", "youtube.com", "https://www.youtube.com/@{}"),
    "pinterest": ("Pinterest", "pinterest.com", "https://www.pinterest.com/{}"),
}
"""Key to (its name, its host, the address of an account there)."""
TRANSLATED: Final = {"tagline": 160, "announcement": 500, "about": 5000, "policies": 5000}
"""Columns that a vendor may write in other languages, too, and how long each may be."""
LANGUAGES: Final = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "ja": "日本語",
}
"""What customers may read the shop in: the languages that themes are most often published in."""
_ACCOUNT: Final = re.compile(r"[\w.-]{1,60}")
_PATH: Final = re.compile(r"/[\w@.~%/-]{1,200}")


def read_link(network: str, typed: str) -> str:
    """The full address of what was typed: an account ("@ada"), or an address at that network. "" stays "".

    Raises ValueError when it leads anywhere else.

    >>> read_link("instagram", "@ada.makes")
    'https://www.instagram.com/ada.makes'
    >>> read_link("facebook", "http://m.facebook.com/ada/?ref=1")
    'https://m.facebook.com/ada'
    """
    _name, host, pattern = NETWORKS[network]
    text = typed.strip()
    if not text:
        return ""
    if "/" not in text and text.lower().removeprefix("www.") != host:
        account = text.removeprefix("@")
        if not _ACCOUNT.fullmatch(account):
            raise ValueError(network)
        return pattern.format(account)
    parts = urlsplit(text if "://" in text else f"https://{text}")
    path = parts.path.rstrip("/")
    # Its end alone says little: for browsers "evil.example\.instagram.com" ends at the backslash.
    at_home = re.fullmatch(rf"(?:[a-z0-9-]+\.)*{re.escape(host)}", parts.hostname or "")
    if parts.scheme not in {"http", "https"} or not at_home or not _PATH.fullmatch(path):
        raise ValueError(network)
    return f"https://{parts.hostname}{path}"


def list_links(social: Mapping[str, str]) -> list[dict[str, str]]:
    """Name and address of each, in the order of NETWORKS."""
    return [{"name": name, "url": social[key]} for key, (name, _, _) in NETWORKS.items() if social.get(key)]
