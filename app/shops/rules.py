"""Showing a stored event without showing the customer in it."""

from typing import Any, Final

HIDDEN: Final = "•••"

# Always somebody's, wherever they stand.
_PERSONAL: Final = frozenset(
    {
        "email", "contact_email", "phone", "first_name", "last_name", "address1", "address2", "zip", "latitude",
        "longitude", "company", "browser_ip", "user_agent", "note", "order_status_url", "ip", "session_hash",
        "account_number", "credit_card_number", "credit_card_name", "signature", "token", "cart_token",
        "checkout_token", "shop_owner", "customer_email",
    }
)  # fmt: skip
# Whoever stands in these is a person: their names and places are theirs too.
_PEOPLE: Final = frozenset(
    {"customer", "billing_address", "shipping_address", "default_address", "addresses", "destination", "receipt"}
)
_OF_PEOPLE: Final = frozenset({"name", "city", "province", "country", "tags", "id", "admin_graphql_api_id"})
_KEPT_OF_PEOPLE: Final = frozenset({"id", "admin_graphql_api_id"})


def mask_personal(value: Any, *, person: bool = False) -> Any:
    """A copy of decoded JSON with personal data hidden; ids, amounts and states stay readable."""
    if isinstance(value, dict):
        return {key: _mask_entry(key, entry, person=person) for key, entry in value.items()}
    if isinstance(value, list):
        return [mask_personal(entry, person=person) for entry in value]
    return value


def _mask_entry(key: str, entry: Any, *, person: bool) -> Any:
    if isinstance(entry, (dict, list)):
        return mask_personal(entry, person=person or key in _PEOPLE)
    hidden = key in _PERSONAL or (person and key in _OF_PEOPLE - _KEPT_OF_PEOPLE)
    return HIDDEN if hidden and entry not in (None, "") else entry
