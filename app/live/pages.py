"""Where an open page listens."""

import time

from flask import g

from app.config import get_config
from app.live.channels import shop_ticket, stock_ticket, vendor_ticket


def live_url() -> str:
    """The stream of whoever is signed in: a vendor's own, or the shop's for its staff."""
    vendor = g.get("vendor")
    ticket = vendor_ticket(vendor.id) if vendor else shop_ticket(g.shop.id)
    return f"{get_config().live_url}?ticket={ticket}"


def live_since() -> int:
    """When this page began to be made, in milliseconds since 1970: what happens from then on it does not show yet.

    By the machine's clock, as Redis numbers announcements.
    """
    began: float = g.began
    return int((time.time() - (time.monotonic() - began)) * 1000)


def stock_url(shop_id: int, product_number: int) -> str:
    """The stream of one product's stock, for its page in the storefront."""
    return f"{get_config().live_url}?ticket={stock_ticket(shop_id, product_number)}"
