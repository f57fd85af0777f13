"""Shops: what the app is told of one, and a change of its currency."""

from devstore.clock import iso
from devstore.store import Doc, Store
from devstore.webhooks import emit


def change_currency(store: Store, shop: str, currency: str) -> Doc:
    """Prices keep their figures, as in Shopify."""
    with store.transaction():
        held = store.find(shop, "shop")
        if held is None:
            raise LookupError(f"There is no shop {shop}")
        now = iso(store.clock.now())
        stored = store.put(shop, "shop", {**held, "currency": currency, "updated_at": now})
        emit(store, shop, "shop/update", shop_payload(stored))
        return stored


def shop_payload(shop: Doc) -> Doc:
    """The REST form of a shop, the payload of app/uninstalled and shop/update."""
    address = shop.get("address", {})
    return {
        "id": shop["id"],
        "name": shop["name"],
        "email": shop["email"],
        "domain": shop["domain"],
        "myshopify_domain": shop["domain"],
        "shop_owner": shop.get("owner"),
        "currency": shop["currency"],
        "country_code": shop["country"],
        "primary_locale": shop["locale"],
        "iana_timezone": shop["timezone"],
        "plan_name": str(shop["plan"]).lower(),
        "plan_display_name": shop["plan"],
        "taxes_included": shop["taxes_included"],
        "address1": address.get("address1"),
        "city": address.get("city"),
        "province": address.get("province"),
        "zip": address.get("zip"),
        "country": address.get("country"),
        "phone": address.get("phone"),
    }
