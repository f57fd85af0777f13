"""Where an open page listens."""

from flask import g

from app.config import get_config
from app.live.channels import shop_ticket, vendor_ticket


def live_url() -> str:
    """The stream of whoever is signed in: a vendor's own, or the shop's for its staff."""
    vendor = g.get("vendor")
    ticket = vendor_ticket(vendor.id) if vendor else shop_ticket(g.shop.id)
    return f"{get_config().live_url}?ticket={ticket}"
