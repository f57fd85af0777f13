"""Decisions of the portal's door: how long somebody stays signed in, and where they may be sent afterwards."""

import ipaddress
import re
from datetime import datetime, timedelta
from typing import Final

from app.languages import _

LINK_LIFETIME: Final = timedelta(minutes=15)
HANDOVER_LIFETIME: Final = timedelta(seconds=60)
IDLE: Final = timedelta(hours=24)
ABSOLUTE: Final = timedelta(days=14)
REMEMBERED: Final = timedelta(days=180)
"""How long after signing in a browser is known."""
# A page is asked for often, a day's idleness is coarse: one write in five minutes says enough.
SEEN_EVERY: Final = timedelta(minutes=5)

_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
_PORTAL_PATH: Final = re.compile(r"/portal(/[\w./-]*)?(\?[\w.=&%+-]*)?")


def is_over(*, last_seen_at: datetime, expires_at: datetime, revoked_at: datetime | None, now: datetime) -> bool:
    """Whether a session has ended: revoked, idle for a day, or two weeks old."""
    return revoked_at is not None or now >= expires_at or now - last_seen_at >= IDLE


def safe_next(path: str | None) -> str | None:
    """`path` when it is a page of the portal, else None: nobody is sent to another site after signing in."""
    if not path or "//" in path or ".." in path or not _PORTAL_PATH.fullmatch(path):
        return None
    return path


def client_address(peer: str, forwarded: str) -> str:
    """Who asks, for rate limits. `forwarded` (X-Forwarded-For) is believed only from a proxy on our own network,
    and then only its last entry, the one that this proxy wrote.
    """
    last = forwarded.rsplit(",", 1)[-1].strip()
    if last and _is_near(peer):
        return _network(last)
    return _network(peer)


def address_behind_shopify(peer: str, forwarded: str) -> str:
    """The visitor whose request Shopify passed on, for rate limits: the entry of X-Forwarded-For that Shopify wrote.

    A proxy of ours may have written Shopify's own address behind it. What stands before is what the visitor claimed.
    """
    entries = [entry for each in forwarded.split(",") if (entry := each.strip())]
    if len(entries) > 1 and _is_near(peer):
        entries.pop()
    return _network(entries[-1] if entries else peer)


def describe_device(user_agent: str) -> str:
    """A browser and where it runs, in words a person knows: "Safari on iPhone"."""
    browser = next((words for mark, words in _BROWSERS if mark in user_agent), _("A browser"))
    system = next((words for mark, words in _SYSTEMS if mark in user_agent), "")
    return _("%(browser)s on %(system)s", browser=browser, system=system) if system else browser


def _network(address: str) -> str:
    """Whoever has one address of IPv6 has 2^64 of them: they count as one."""
    known = _read(address)
    if isinstance(known, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(known), 64), strict=False))
    return str(known or address)


def _is_near(address: str) -> bool:
    known = _read(address)
    return known.is_private if known else not address  # a unix socket has no address: its other end is our own proxy


def _read(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address of IPv4 may come written as one of IPv6, "::ffff:203.0.113.9"."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(known, "ipv4_mapped", None) or known
