"""Webhook bodies as Shopify sends them: only what we read, checked as it is decoded.

Amounts stay strings until money.py reads them. A body that does not fit its topic raises, so a body signed for one
topic and sent under another is refused instead of half understood.
"""

import json
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec

from app.errors import AppError


class PayloadError(AppError):
    """The body is not what its topic says. Trying again will not help."""


class Payload(msgspec.Struct, kw_only=True, frozen=True):
    """Unknown keys are skipped: Shopify adds some every quarter."""


class ShopUpdate(Payload, kw_only=True, frozen=True):
    """shop/update: the shop itself."""

    id: int
    domain: str | None = None
    myshopify_domain: str
    name: str
    email: str | None = None
    currency: str | None = None
    iana_timezone: str | None = None
    updated_at: datetime | None = None


class AppUninstalled(ShopUpdate, kw_only=True, frozen=True):
    """app/uninstalled: the shop that it has left."""


class ReturnNews(Payload, kw_only=True, frozen=True):
    """returns/*: which return has changed. All topics name it so; returns/update has no `id` beside it."""

    admin_graphql_api_id: Annotated[str, msgspec.Meta(pattern=r"^gid://shopify/Return/\d{1,18}$")]


class ThemePublished(Payload, kw_only=True, frozen=True):
    """themes/publish."""

    id: int
    role: str


class ScopesUpdate(Payload, kw_only=True, frozen=True):
    """app/scopes_update."""

    id: int | None = None
    previous: list[str] = []
    current: list[str]
    updated_at: datetime | None = None


class PersonalDataCustomer(Payload, kw_only=True, frozen=True):
    id: int | None = None
    email: str | None = None
    phone: str | None = None


class CustomerDataRequest(Payload, kw_only=True, frozen=True):
    """customers/data_request."""

    shop_id: int
    shop_domain: str
    customer: PersonalDataCustomer
    orders_requested: list[int] = []


class CustomerRedact(Payload, kw_only=True, frozen=True):
    """customers/redact."""

    shop_id: int
    shop_domain: str
    customer: PersonalDataCustomer
    orders_to_redact: list[int] = []


class ShopRedact(Payload, kw_only=True, frozen=True):
    """shop/redact, 48 hours after an uninstall."""

    shop_id: int
    shop_domain: str


class ProductVariant(Payload, kw_only=True, frozen=True):
    id: int
    title: str = ""
    price: str
    sku: str | None = None
    position: int = 1
    inventory_item_id: int | None = None
    inventory_quantity: int | None = None
    option1: str | None = None
    option2: str | None = None
    option3: str | None = None
    admin_graphql_api_id: str


class ProductOption(Payload, kw_only=True, frozen=True):
    name: str
    position: int = 1
    values: list[str] = []


class ProductImage(Payload, kw_only=True, frozen=True):
    id: int
    src: str
    alt: str | None = None
    position: int = 1


class Product(Payload, kw_only=True, frozen=True):
    """products/create and products/update."""

    id: int
    admin_graphql_api_id: str
    title: str
    body_html: str | None = None
    vendor: str | None = None
    product_type: str | None = None
    handle: str
    status: str
    tags: str = ""
    created_at: datetime | None = None
    updated_at: datetime
    published_at: datetime | None = None
    variants: list[ProductVariant] = []
    options: list[ProductOption] = []
    images: list[ProductImage] = []


class Collection(Payload, kw_only=True, frozen=True):
    id: int


class ProductDeleted(Payload, kw_only=True, frozen=True):
    id: int


class InventoryItem(Payload, kw_only=True, frozen=True):
    """inventory_items/update. What an item costs its vendor is not read."""

    id: int
    sku: str | None = None
    updated_at: datetime


class InventoryLevel(Payload, kw_only=True, frozen=True):
    inventory_item_id: int
    location_id: int
    available: int | None = None
    updated_at: datetime


class CartLine(Payload, kw_only=True, frozen=True):
    variant_id: int | None = None
    quantity: int


class Cart(Payload, kw_only=True, frozen=True):
    """carts/create and carts/update."""

    token: str
    line_items: list[CartLine]
    updated_at: datetime


class ShippingChoice(Payload, kw_only=True, frozen=True):
    price: str | None = None


class Checkout(Payload, kw_only=True, frozen=True):
    """checkouts/create and checkouts/update, as far as shopify.app.toml has them sent."""

    token: str
    cart_token: str | None = None
    line_items: list[CartLine]
    shipping_lines: list[ShippingChoice] = []
    completed_at: datetime | None = None
    updated_at: datetime


class BulkOperationFinished(Payload, kw_only=True, frozen=True):
    admin_graphql_api_id: str


class Location(Payload, kw_only=True, frozen=True):
    """locations/*; of a deleted one Shopify sends the id alone."""

    id: int


class Metaobject(Payload, kw_only=True, frozen=True):
    """metaobjects/create, update and delete; `fields` maps keys to their stored text."""

    id: str
    type: str
    handle: str
    display_name: str | None = None
    fields: dict[str, Any] = {}
    created_at: datetime | None = None
    updated_at: datetime | None = None
    capabilities: dict[str, dict[str, str | bool | None]] = {}

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "fields", {key: _as_stored(value) for key, value in self.fields.items()})


def _as_stored(value: Any) -> str | None:
    """Shopify stores texts as they are, and lists, ratings and the like as the text of their JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


P = TypeVar("P", bound=msgspec.Struct)


def require_own(domain: str, named: str) -> None:
    """Raises PayloadError unless a body names the shop that its header named: only the body is signed."""
    if named != domain:
        raise PayloadError("The body names another shop than the header.")


def read_payload(kind: type[P], raw: bytes) -> P:
    """Decode and check a body. Raises PayloadError with the path of what does not fit."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PayloadError(f"This body is no {kind.__name__}: {error}") from error
