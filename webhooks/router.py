"""Which function handles which topic. Each runs in the shop's transaction, which also marks the event as handled."""

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from app.models.events import InboxEvent
from app.models.shops import Shop
from webhooks.handlers import (
    app,
    bulk_operations,
    carts,
    collections,
    compliance,
    fulfillment_orders,
    inventory,
    locations,
    metaobjects,
    orders,
    products,
    returns,
    themes,
)

Handler = Callable[[Session, Shop, bytes, InboxEvent], None]


HANDLERS: Final[dict[str, Handler]] = {
    "app/uninstalled": app.handle_app_uninstalled,
    "app/scopes_update": app.handle_app_scopes_update,
    "shop/update": app.handle_shop_update,
    "collections/update": collections.handle_collections_update,
    "collections/delete": collections.handle_collections_delete,
    "products/create": products.handle_products_create,
    "products/update": products.handle_products_update,
    "products/delete": products.handle_products_delete,
    "inventory_levels/update": inventory.handle_inventory_levels_update,
    "inventory_items/update": inventory.handle_inventory_items_update,
    "locations/create": locations.handle_locations_create,
    "locations/update": locations.handle_locations_update,
    "locations/activate": locations.handle_locations_activate,
    "locations/deactivate": locations.handle_locations_deactivate,
    "locations/delete": locations.handle_locations_delete,
    "metaobjects/create": metaobjects.handle_metaobjects_create,
    "metaobjects/update": metaobjects.handle_metaobjects_update,
    "metaobjects/delete": metaobjects.handle_metaobjects_delete,
    "orders/edited": orders.handle_orders_edited,
    **dict.fromkeys(orders.READERS, orders.handle_news),
    **dict.fromkeys(("carts/create", "carts/update"), carts.handle_carts),
    **dict.fromkeys(("checkouts/create", "checkouts/update"), carts.handle_checkouts),
    **dict.fromkeys(returns.TOPICS, returns.handle_return),
    **dict.fromkeys(fulfillment_orders.TOPICS, fulfillment_orders.handle_fulfillment_order),
    "themes/publish": themes.handle_themes_publish,
    "bulk_operations/finish": bulk_operations.handle_bulk_operations_finish,
    "customers/data_request": compliance.handle_customers_data_request,
    "customers/redact": compliance.handle_customers_redact,
    "shop/redact": compliance.handle_shop_redact,
}

AFTER_UNINSTALL: Final = frozenset({"customers/data_request", "customers/redact", "shop/redact"})
"""Topics that are owed an answer although the shop has left."""
