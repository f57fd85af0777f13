"""The queue `catalogue`: vendors' pages, products, pictures and stock on their way to Shopify."""

from app.products import (
    attribute_sync,
    channels,
    currencies,
    fetching,
    looks,
    pictures,
    proposal_sync,
    stock_sync,
    sweeps,
    sync,
)
from app.products.imports import retention, work
from app.vendors import goods
from app.vendors import sync as vendor_pages


def sync_vendor(shop_id: int, vendor_id: int) -> None:
    vendor_pages.sync_vendor(shop_id, vendor_id)


def tell_newest(shop_id: int) -> None:
    goods.tell_newest(shop_id)


def push_product(shop_id: int, product_id: int) -> None:
    sync.push_product(shop_id, product_id)


def publish_product(shop_id: int, product_id: int) -> None:
    sync.publish_product(shop_id, product_id)


def align_product(shop_id: int, product_id: int) -> None:
    sync.align_product(shop_id, product_id)


def follow_vendor(shop_id: int, vendor_id: int) -> None:
    sync.follow_vendor(shop_id, vendor_id)


def follow_channels(shop_id: int) -> None:
    channels.follow_channels(shop_id)


def follow_in_channels(shop_id: int, product_id: int) -> None:
    channels.follow(shop_id, product_id)


def push_stock(shop_id: int, product_id: int) -> None:
    stock_sync.push_stock(shop_id, product_id)


def read_stock(shop_id: int, location_id: int) -> None:
    stock_sync.read_stock(shop_id, location_id)


def push_attributes(shop_id: int, product_id: int) -> None:
    attribute_sync.push_attributes(shop_id, product_id)


def look_at_product(shop_id: int, product_id: int) -> None:
    looks.look(shop_id, product_id)


def apply_proposal(shop_id: int, proposal_id: int) -> None:
    proposal_sync.apply_proposal(shop_id, proposal_id)


def follow_currency(shop_id: int) -> None:
    currencies.follow_currency(shop_id)


def register_picture(shop_id: int, image_id: int) -> None:
    fetching.bring(shop_id, image_id)
    pictures.register_picture(shop_id, image_id)
    fetching.propose_fetched(shop_id, image_id)


def carry_on_import(shop_id: int, import_id: int) -> None:
    work.carry_on(shop_id, import_id)


def sweep_catalogue() -> None:
    """Every half minute: ring again for what a lost ring or a died worker left behind."""
    vendor_pages.sweep()
    goods.sweep()
    sweeps.sweep()
    currencies.sweep()


def remove_old_imports() -> None:
    """Daily."""
    retention.remove_old()
