"""What a checkout sends."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NotRequired, TypedDict

from devstore.store import Doc

Address = Mapping[str, str | None]


class LineRequest(TypedDict):
    """Units of a variant, and what the buyer wrote on them (name to value)."""

    variant_id: int
    quantity: int
    properties: NotRequired[Mapping[str, str]]


class Purchase(TypedDict):
    """``customer`` is a customer document; without one, ``email`` finds or makes the customer.

    ``pay`` takes the money at once; with ``capture=False`` it is only authorized; ``pay=False`` leaves the order
    pending. ``created_at`` backdates the order. ``currency_presentment`` is the currency the buyer saw prices in.
    """

    lines: Sequence[LineRequest]
    customer: NotRequired[Doc | None]
    email: NotRequired[str | None]
    shipping_address: NotRequired[Address | None]
    billing_address: NotRequired[Address | None]
    shipping_rate_code: NotRequired[str | None]
    discount_codes: NotRequired[Sequence[str]]
    note: NotRequired[str | None]
    note_attributes: NotRequired[Mapping[str, str]]
    cart_token: NotRequired[str]
    gateway: NotRequired[str]
    pay: NotRequired[bool]
    capture: NotRequired[bool]
    test: NotRequired[bool]
    created_at: NotRequired[datetime | None]
    currency_presentment: NotRequired[str | None]
