"""Customers, as checkouts find and make them."""

from devstore.clock import iso
from devstore.orders.payloads import customer_payload
from devstore.orders.purchase import Address
from devstore.store import Doc, Store
from devstore.webhooks import emit


def find_or_create_customer(store: Store, shop: str, email: str, address: Address | None = None) -> Doc:
    """The customer with that e-mail address; a new one takes name and address from the checkout."""
    wanted = email.strip().lower()
    found = next((entry for entry in store.all(shop, "customer") if entry["email"].lower() == wanted), None)
    if found is not None:
        return found
    now = iso(store.clock.now())
    customer = store.put(
        shop,
        "customer",
        {
            "email": wanted,
            "first_name": (address or {}).get("first_name"),
            "last_name": (address or {}).get("last_name"),
            "phone": None,
            "password_hash": None,
            "addresses": [dict(address)] if address else [],
            "metafields": [],
            "tags": [],
            "created_at": now,
            "updated_at": now,
        },
    )
    emit(store, shop, "customers/create", customer_payload(customer))
    return customer
