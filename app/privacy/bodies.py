"""Webhook bodies and snapshots without the customer in them.

What stays is a list, not what goes: the fields that our payload structures read, so that the books can be made again
from what is left, and nothing that Shopify may add one day. Bodies of topics that nothing here reads are masked.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from app.privacy.rules import Person, scrub
from app.shopify.payloads import Payload
from app.shopify.payloads_orders import Dispute, Fulfillment, Order, OrderEdited, OrderTransaction, Refund
from app.shops.rules import mask_personal

_READ_AS: Final[dict[str, type[Payload]]] = {
    "orders/create": Order,
    "orders/paid": Order,
    "orders/updated": Order,
    "orders/cancelled": Order,
    "orders/edited": OrderEdited,
    "refunds/create": Refund,
    "fulfillments/create": Fulfillment,
    "fulfillments/update": Fulfillment,
    "order_transactions/create": OrderTransaction,
    "disputes/create": Dispute,
    "disputes/update": Dispute,
}
_PERSONAL: Final = frozenset(
    {
        "email", "contact_email", "phone", "customer", "shipping_address", "billing_address", "customer_locale", "note",
        "note_attributes", "properties", "client_details", "browser_ip", "order_status_url", "destination", "receipt",
        "tracking_company", "tracking_number", "tracking_url", "token", "cart_token", "checkout_token",
    }
)  # fmt: skip
_REQUESTS: Final = frozenset({"customers/data_request", "customers/redact"})


def clean_order(snapshot: Mapping[str, Any], person: Person) -> dict[str, Any]:
    """An order without its customer; amounts, lines, discounts and times as they were."""
    return _read_as(Order, snapshot, person)


def clean_refund(snapshot: Mapping[str, Any], person: Person) -> dict[str, Any]:
    return _read_as(Refund, snapshot, person)


def clean_body(topic: str, raw: bytes, person: Person) -> bytes:
    """A stored webhook without the person. A body that is no JSON is emptied: nobody can tell what is in it."""
    try:
        body = json.loads(raw)
    except ValueError:
        return b"{}"
    if not isinstance(body, dict):
        return b"{}"
    person = person.knowing(body)
    kind = _READ_AS.get(topic)
    try:
        cleaned = _read_as(kind, body, person) if kind else _clean_other(topic, body, person)
    except msgspec.ValidationError:
        cleaned = _clean_other(topic, body, person)
    return json.dumps(cleaned, ensure_ascii=False).encode()


def clean_event(topic: str, raw: bytes, person: Person) -> bytes:
    """A stored webhook that may be the person's: without them if it is, and without their address if it names it."""
    try:
        body = json.loads(raw)
    except ValueError:
        return clean_body(topic, raw, person)
    if is_theirs(body, topic, person):
        return clean_body(topic, raw, person)
    cleaned = scrub(body, person.emails)
    return raw if cleaned == body else json.dumps(cleaned, ensure_ascii=False).encode()


def is_theirs(body: Any, topic: str, person: Person) -> bool:
    """Whether a decoded webhook is about the person's account or one of their orders. A name alone proves nothing."""
    if not isinstance(body, dict):
        return False
    customer_id = customer_id_of(body)
    return (
        order_id_of(topic, body) in person.order_ids
        or (customer_id is not None and customer_id == person.customer_id)
        or str(body.get("email") or body.get("contact_email") or "").lower() in person.emails
    )


def order_id_of(topic: str, body: Mapping[str, Any]) -> int | None:
    """Which order a webhook is about."""
    edit = body.get("order_edit")
    found = edit.get("order_id") if isinstance(edit, Mapping) else body.get("order_id")
    if found is None and topic.startswith("orders/"):
        found = body.get("id")
    return found if isinstance(found, int) else None


def customer_id_of(body: Mapping[str, Any]) -> int | None:
    customer = body.get("customer")
    found = customer.get("id") if isinstance(customer, Mapping) else None
    return found if isinstance(found, int) else None


def _read_as(kind: type[Payload], body: Mapping[str, Any], person: Person) -> dict[str, Any]:
    kept = _blank(msgspec.to_builtins(msgspec.convert(body, type=kind)))
    cleaned: dict[str, Any] = scrub(kept, person.words)
    return cleaned


def _blank(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _blank_entry(key, entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_blank(entry) for entry in value]
    return value


def _blank_entry(key: str, entry: Any) -> Any:
    if key in _PERSONAL:
        return None
    if key == "shipping_line" and isinstance(entry, dict):
        # Copied whole into a refund's shipping line, with the telephone number for the carrier.
        return {"id": entry.get("id")}
    return _blank(entry)


def _clean_other(topic: str, body: dict[str, Any], person: Person) -> dict[str, Any]:
    if topic in _REQUESTS:
        numbers = ("shop_id", "shop_domain", "orders_to_redact", "orders_requested", "data_request")
        kept = {key: body[key] for key in numbers if key in body}
        return {**kept, "customer": {"id": customer_id_of(body)}}
    cleaned: dict[str, Any] = scrub(mask_personal(body), person.words)
    return cleaned
