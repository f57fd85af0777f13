"""What we ask Shopify to hold for each shop: the vendor metaobject and the product's link to it.

Versioned: raise VERSION with every change here, and each shop is brought up to date when it is next opened or by the
schedule. Everything in the metaobject is public on the storefront; e-mails, tax ids and bank details stay with us.
"""

from typing import Any, Final

from app.shopify.client import graphql
from app.shopify.errors import ShopifyUserErrors
from app.shopify.tokens import ShopCredentials

VERSION: Final = 6
VENDOR_TYPE: Final = "$app:vendor"
PRODUCT_NAMESPACE: Final = "$app"
PRODUCT_KEY: Final = "vendor"
LISTING_KEY: Final = "listing"
NEIGHBOURS_KEY: Final = "also_viewed"
NEWEST_KEY: Final = "newest"

VENDOR_FIELDS: Final[tuple[dict[str, Any], ...]] = (
    {"key": "name", "name": "Name", "type": "single_line_text_field", "required": True},
    {"key": "tagline", "name": "Tagline", "type": "single_line_text_field"},
    {"key": "about", "name": "About", "type": "multi_line_text_field"},
    {"key": "location", "name": "Location", "type": "single_line_text_field"},
    {
        "key": "logo",
        "name": "Logo",
        "type": "file_reference",
        "validations": [{"name": "file_type_options", "value": '["Image"]'}],
    },
    {"key": "website", "name": "Website", "type": "url"},
    {"key": "policies", "name": "Policies", "type": "multi_line_text_field"},
    {"key": "since", "name": "Selling since", "type": "date"},
    {"key": "away_from", "name": "On holiday from", "type": "date_time"},
    {"key": "away_until", "name": "Back on", "type": "date_time"},
    {"key": "away_note", "name": "Words about the holiday", "type": "single_line_text_field"},
    {
        "key": "rating",
        "name": "Rating",
        "type": "rating",
        "validations": [{"name": "scale_min", "value": "1.0"}, {"name": "scale_max", "value": "5.0"}],
    },
    {"key": "rating_count", "name": "Number of reviews", "type": "number_integer"},
    {"key": "reviews", "name": "Newest reviews", "type": "json"},
    {"key": "announcement", "name": "Announcement", "type": "multi_line_text_field"},
    {"key": "links", "name": "Elsewhere", "type": "json"},
    {"key": "translations", "name": "In other languages", "type": "json"},
    {
        "key": "cover",
        "name": "Cover picture",
        "type": "file_reference",
        "validations": [{"name": "file_type_options", "value": '["Image"]'}],
    },
    {
        "key": "products",
        "name": "Newest products",
        "description": "What customers can buy, the newest first. The app keeps it up to date.",
        "type": "list.product_reference",
    },
)
_ACCESS: Final = {"admin": "MERCHANT_READ_WRITE", "storefront": "PUBLIC_READ"}


def apply(shop: ShopCredentials) -> str:
    """Bring the shop's definitions to VERSION and return the vendor definition's gid. Safe to repeat."""
    vendor_gid = _ensure_vendor_definition(shop)
    _ensure_product_link(shop, vendor_gid)
    _ensure_listing_key(shop)
    _ensure_neighbours(shop)
    _ensure_newest(shop)
    return vendor_gid


def _ensure_vendor_definition(shop: ShopCredentials) -> str:
    found = graphql(shop, "metaobjectDefinitionByType", {"type": VENDOR_TYPE})
    if not found:
        try:
            created = graphql(shop, "metaobjectDefinitionCreate", {"definition": _vendor_definition()})
        except ShopifyUserErrors as error:
            # Another process was faster: the type is unique.
            found = graphql(shop, "metaobjectDefinitionByType", {"type": VENDOR_TYPE})
            if not found:
                raise error from None
        else:
            return str(created["metaobjectDefinition"]["id"])
    held = {field["key"] for field in found["fieldDefinitions"]}
    missing = [{"create": field} for field in VENDOR_FIELDS if field["key"] not in held]
    if missing:
        change = {"fieldDefinitions": missing}
        graphql(shop, "metaobjectDefinitionUpdate", {"id": found["id"], "definition": change})
    return str(found["id"])


def _vendor_definition() -> dict[str, Any]:
    return {
        "type": VENDOR_TYPE,
        "name": "Vendor",
        "description": "A seller of this marketplace. Everything here is public.",
        "displayNameKey": "name",
        "access": _ACCESS,
        "capabilities": {
            "publishable": {"enabled": True},
            "translatable": {"enabled": True},
            "renderable": {"enabled": True, "data": {"metaTitleKey": "name", "metaDescriptionKey": "tagline"}},
            "onlineStore": {"enabled": True, "data": {"urlHandle": "vendors", "createRedirects": True}},
        },
        "fieldDefinitions": list(VENDOR_FIELDS),
    }


def _ensure_product_link(shop: ShopCredentials, vendor_gid: str) -> None:
    _ensure_metafield(
        shop,
        {
            "key": PRODUCT_KEY,
            "name": "Vendor",
            "description": "Who sells this product.",
            "type": "metaobject_reference",
            "validations": [{"name": "metaobject_definition_id", "value": vendor_gid}],
            "access": _ACCESS,
            "capabilities": {"adminFilterable": {"enabled": True}},
        },
    )


def _ensure_listing_key(shop: ShopCredentials) -> None:
    """By this unique name a repeated productSet finds the product that its first run made."""
    _ensure_metafield(
        shop,
        {
            "key": LISTING_KEY,
            "name": "Listing",
            "description": "The marketplace's own name for this product.",
            "type": "id",
            "access": {"admin": "MERCHANT_READ", "storefront": "NONE"},
            "capabilities": {"uniqueValues": {"enabled": True}},
        },
    )


def _ensure_neighbours(shop: ShopCredentials) -> None:
    """What a product page shows as "also viewed", without asking us (app/journey/neighbours.py)."""
    _ensure_metafield(
        shop,
        {
            "key": NEIGHBOURS_KEY,
            "name": "Also viewed",
            "description": "Products that the same visitors looked at. The app writes it anew every day.",
            "type": "list.product_reference",
            "access": {"admin": "MERCHANT_READ", "storefront": "PUBLIC_READ"},
        },
    )


def _ensure_newest(shop: ShopCredentials) -> None:
    """What the home block shows as new in a shop of any size (app/vendors/goods.py)."""
    _ensure_metafield(
        shop,
        {
            "key": NEWEST_KEY,
            "name": "New products",
            "description": "Vendors' products that were put on sale last. The app keeps it up to date.",
            "type": "list.product_reference",
            "access": {"admin": "MERCHANT_READ", "storefront": "PUBLIC_READ"},
        },
        owner="SHOP",
    )


def _ensure_metafield(shop: ShopCredentials, definition: dict[str, Any], owner: str = "PRODUCT") -> None:
    where = {"ownerType": owner, "namespace": PRODUCT_NAMESPACE, "key": definition["key"]}
    if graphql(shop, "metafieldDefinitions", where)["nodes"]:
        return
    try:
        graphql(shop, "metafieldDefinitionCreate", {"definition": {**where, **definition}})
    except ShopifyUserErrors as error:
        if not error.has_code("TAKEN"):
            raise
