"""Previews of a changed list, and the products of the collections that rules name."""

from app.commissions import collections, previews


def preview(shop_id: int, preview_id: int, place: int) -> None:
    previews.compute(shop_id, preview_id, place)


def read_collections(shop_id: int) -> None:
    collections.read_due(shop_id)


def sweep() -> None:
    """Every minute: what was left behind, and collections that were not read for an hour."""
    previews.sweep()
    collections.sweep()
