"""What a store holds on its first day: two shops, their places, channels, rates and codes. No products."""

from devstore.clock import iso
from devstore.config import Config
from devstore.store import Doc, Store

_ADDRESS: Doc = {
    "address1": "100 Market Street",
    "address2": None,
    "city": "Portland",
    "province": "Oregon",
    "province_code": "OR",
    "country": "United States",
    "country_code": "US",
    "zip": "97201",
    "phone": None,
}
_RATES = [
    {"title": "Standard", "code": "standard", "price": "6.90"},
    {"title": "Express", "code": "express", "price": "14.90"},
]
_STAFF = [
    {"first_name": "Mona", "last_name": "Merchant", "email": "mona@example.com", "account_owner": True, "locale": "en"},
    {"first_name": "Sam", "last_name": "Staff", "email": "sam@example.com", "account_owner": False, "locale": "en"},
]
_CODES = [
    {"code": "WELCOME10", "kind": "percentage", "value": "10.0"},
    {"code": "FIVEOFF", "kind": "fixed_amount", "value": "5.00"},
]


def deploy(store: Store, config: Config) -> None:
    """Open the shops that are new, and take over what `shopify.app.toml` says now, as `shopify app deploy` would."""
    with store.transaction():
        for domain in config.storefronts:
            if store.find(domain, "shop") is None:
                _open_shop(store, domain)
        old = store.find("", "app", client_id=config.client_id) or {"id": store.next_id()}
        store.put("", "app", {"id": old["id"], **_declared(config)})


def _declared(config: Config) -> Doc:
    """The app as the store knows it. `subscriptions` is one entry per topic."""
    subscriptions = [
        {
            "topic": topic,
            "uri": config.absolute(entry["uri"]),
            "filter": entry.get("filter"),
            "name": entry.get("name"),
            "include_fields": entry.get("include_fields", []),
        }
        for entry in config.app_toml.get("webhooks", {}).get("subscriptions", [])
        for topic in [*entry.get("topics", []), *entry.get("compliance_topics", [])]
    ]
    return {
        "client_id": config.client_id,
        "client_secret": config.client_secret,
        "name": config.app_toml.get("name", "App"),
        "handle": config.app_handle,
        "scopes": config.scopes,
        "subscriptions": subscriptions,
        "proxy": config.app_proxy,
    }


def _open_shop(store: Store, domain: str) -> None:
    name = domain.partition(".")[0].title()
    store.put(
        domain,
        "shop",
        {
            "domain": domain,
            "name": name,
            "email": f"owner@{domain.partition('.')[0]}.example",
            "owner": "Mona Merchant",
            "currency": "USD",
            "taxes_included": False,
            "tax_rate": "0.10",
            "tax_title": "Sales tax",
            "shipping_rates": _RATES,
            "timezone": "America/Los_Angeles",
            "country": "US",
            "locale": "en",
            "plan": "Basic",
            "address": _ADDRESS,
            "order_number": 1000,
            "created_at": iso(store.clock.now()),
            "updated_at": iso(store.clock.now()),
        },
    )
    opened_at = iso(store.clock.now())
    place = {"name": f"{name} warehouse", "address": _ADDRESS, "active": True}
    store.put(domain, "location", {**place, "created_at": opened_at, "updated_at": opened_at})
    for member in _STAFF:
        store.put(domain, "staff", dict(member))
    for publication in ("Online Store", "Point of Sale"):
        store.put(domain, "publication", {"name": publication})
    for code in _CODES:
        store.put(domain, "discount_code", dict(code))
