"""Everything that is stored of an order, read and written for many orders at once.

Whoever changes it holds the order's lock (`lock_orders`). What others write without it is no part of these rows: the
columns of a parcel that is being sent, and when a vendor was told.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from sqlalchemy.orm import Session

from app.live.channels import announce
from app.models.fulfilments import FulfilmentState
from app.models.orders import VendorOrderStatus
from app.orders import facts
from app.orders.additions import Additions
from app.rows import Row, columns, insert_rows, read_rows, update_rows
from app.shopify import payloads_orders as payloads
from app.shopify.payloads import read_payload


class OrderRow(Row, kw_only=True):
    shopify_id: int
    name: str
    currency: str
    ordered_at: datetime
    snapshot: msgspec.Raw
    snapshot_updated_at: datetime
    terms: dict[str, Any]
    financial_status: str = ""
    fulfillment_status: str = ""
    cancelled_at: datetime | None = None
    test: bool = False
    total_minor: int = 0
    customer_name: str = ""
    customer_email: str | None = None
    shopify_customer_id: int | None = None
    additions: Additions = Additions()
    flags: list[str] = msgspec.field(default_factory=list)
    lifted: list[dict[str, Any]] = msgspec.field(default_factory=list)
    unknown_since: datetime | None = None
    fees_read_at: datetime | None = None
    paid_seen_at: datetime | None = None
    cancelled_seen_at: datetime | None = None


class LineRow(Row, kw_only=True):
    vendor_id: int | None
    order_id: int = 0
    shopify_id: int
    position: int
    title: str
    sku: str
    attribution: str
    rule: dict[str, Any] | None
    reason: str
    sold_as: dict[str, Any] = msgspec.field(default_factory=dict)
    hold_days: int
    tax_to: str
    fee_tax_bps: Decimal
    discount_bearers: dict[str, Any]
    quantity: int = 0
    current_quantity: int = 0
    to_ship: int = 0
    gross_minor: int = 0
    vendor_discount_minor: int = 0
    market_discount_minor: int = 0
    included_tax_minor: int = 0
    tax_minor: int = 0
    base_minor: int = 0
    fee_minor: int = 0
    fee_tax_minor: int = 0
    vendor_minor: int = 0


class PartRow(Row, kw_only=True):
    vendor_id: int
    order_id: int = 0
    order_shopify_id: int
    name: str
    ordered_at: datetime
    currency: str
    status: VendorOrderStatus = VendorOrderStatus.UNPAID
    is_test: bool = False
    is_checked: bool = True
    customer_name: str = ""
    ship_to: list[str] = msgspec.field(default_factory=list)
    items_total: int = 0
    items_to_ship: int = 0
    items_returned: int = 0
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    buyer_removed_at: datetime | None = None
    earned_minor: int = 0
    next_release_at: datetime | None = None
    hold_reason: str | None = None
    disputes: list[dict[str, Any]] = msgspec.field(default_factory=list)
    shipping: list[dict[str, Any]] = msgspec.field(default_factory=list)


class RefundRow(Row, kw_only=True):
    order_shopify_id: int
    shopify_id: int
    refunded_at: datetime
    snapshot: msgspec.Raw
    keep_commission: bool
    bearer: str
    terms: dict[str, Any] = msgspec.field(default_factory=dict)
    announced_at: datetime | None = None

    @property
    def body(self) -> payloads.Refund:
        return read_payload(payloads.Refund, bytes(self.snapshot))


class ParcelRow(Row, kw_only=True):
    vendor_id: int | None = None
    order_shopify_id: int
    shopify_id: int | None = None
    state: FulfilmentState = FulfilmentState.CREATED
    quantities: dict[str, int] = msgspec.field(default_factory=dict)
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    shipment_status: str = ""
    fulfilled_at: datetime
    shopify_updated_at: datetime | None = None
    announced_at: datetime | None = None
    shipped_seen_at: datetime | None = None
    delivered_seen_at: datetime | None = None


class DisputeRow(Row, kw_only=True):
    order_shopify_id: int
    shopify_id: int
    opened_at: datetime
    state: str
    snapshot: dict[str, Any]
    terms: dict[str, Any]
    told_state: str | None = None


class PaymentRow(Row, kw_only=True):
    order_shopify_id: int
    shopify_id: int
    processed_at: datetime
    kind: str
    status: str
    gateway: str = ""
    amount: str
    currency: str
    fee_minor: int | None = None


@dataclass(slots=True)
class Held:
    """One order's rows. Refunds, parcels, disputes and payments may be there before the order is."""

    order: OrderRow | None = None
    body: payloads.Order | None = None
    """The order's snapshot, read."""
    body_before: payloads.Order | None = None
    """The one that is stored."""
    lines: dict[int, LineRow] = field(default_factory=dict)
    """By Shopify's number."""
    parts: dict[int, PartRow] = field(default_factory=dict)
    """By vendor."""
    refunds: dict[int, RefundRow] = field(default_factory=dict)
    """By Shopify's number."""
    parcels: list[ParcelRow] = field(default_factory=list)
    """In any state, those of vendors that Shopify has not made yet as well."""
    disputes: dict[int, DisputeRow] = field(default_factory=dict)
    """By Shopify's number, as are the payments."""
    payments: dict[int, PaymentRow] = field(default_factory=dict)
    changed: bool = False
    """There is news to be booked."""
    known: facts.Order | None = None
    """Its facts, once they were read to be booked."""
    as_stored: dict[tuple[str, int], Row] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """Seen for the first time, and not stored yet."""
        return self.order is not None and not self.order.id

    @property
    def live_parcels(self) -> list[ParcelRow]:
        """Those that Shopify made and that were not cancelled, as they were sent."""
        made = [parcel for parcel in self.parcels if parcel.state is FulfilmentState.CREATED]
        return sorted(made, key=lambda parcel: (parcel.fulfilled_at, parcel.shopify_id or 0))


_KINDS: Final[dict[str, type[Row]]] = {
    "orders": OrderRow,
    "order_lines": LineRow,
    "vendor_orders": PartRow,
    "order_refunds": RefundRow,
    "fulfilments": ParcelRow,
    "order_disputes": DisputeRow,
    "order_payments": PaymentRow,
}
_ROWS: Final[dict[str, Callable[[Held], Iterable[Row]]]] = {
    "orders": lambda one: [one.order] if one.order else (),
    "order_lines": lambda one: one.lines.values(),
    "vendor_orders": lambda one: one.parts.values(),
    "order_refunds": lambda one: one.refunds.values(),
    "fulfilments": lambda one: one.parcels,
    "order_disputes": lambda one: one.disputes.values(),
    "order_payments": lambda one: one.payments.values(),
}
_DECODERS: Final = {table: msgspec.json.Decoder(kind) for table, kind in _KINDS.items()}
_NUMBERED: Final = ("order_refunds", "fulfilments", "order_disputes", "order_payments")
"""What may be there before its order is."""
_OF_NUMBER: Final = "{} t WHERE t.shop_id = %(shop)s AND t.order_shopify_id = number"
_OF_ORDER: Final = "{} t WHERE t.shop_id = %(shop)s AND t.order_id = o.id"
_FOUND: Final = {
    "orders": "(SELECT o.*) t WHERE t.id IS NOT NULL",
    "order_lines": _OF_ORDER,
    "vendor_orders": _OF_ORDER,
    **dict.fromkeys(_NUMBERED, _OF_NUMBER),
}
_EACH: Final = " UNION ALL ".join(
    f"SELECT '{table}', row_to_json(r)::text"  # noqa: S608 - names of ours only
    f" FROM (SELECT {columns(kind)} FROM {_FOUND[table].format(table)}) r"
    for table, kind in _KINDS.items()
)
# One look for everything: so the rows of an order fit together. Number by number (OFFSET 0 keeps it so): as a join, the
# plan that connections keep from the books' first minutes compares all orders with all lines.
READ: Final = f"""
    SELECT found.* FROM unnest(%(numbers)s::bigint[]) number
    LEFT JOIN LATERAL (
        SELECT * FROM orders t WHERE t.shop_id = %(shop)s AND t.shopify_id = number OFFSET 0) o ON true
    CROSS JOIN LATERAL (SELECT * FROM ({_EACH}) each OFFSET 0) found
"""  # noqa: S608 - names of ours only
"""Of the orders of %(shop)s with these %(numbers)s: a table's name, and one of its rows in JSON, each."""
_BY_NUMBER: Final = " UNION ALL ".join(
    f"SELECT FROM {table} t WHERE t.shop_id = %(shop)s AND t.{column} = number"
    for table, column in {"orders": "shopify_id", **dict.fromkeys(_NUMBERED, "order_shopify_id")}.items()
)
HEARD: Final = f"""
    SELECT 'heard', number::text FROM unnest(%(numbers)s::bigint[]) number
    CROSS JOIN LATERAL (SELECT FROM ({_BY_NUMBER}) each OFFSET 0) one
"""  # noqa: S608 - names of ours only
"""Which of these orders READ would find something of, each once or more: for new ones a third of what READ costs."""
# Whoever books finds rows by their keys: a plan that reads a table through, made while it was small, would be kept.
# Once PostgreSQL has counted the tables, one plan is good for any keys: to make it anew costs more than to follow it.
_LOCK: Final = b"""
    SELECT pg_advisory_xact_lock(hashtextextended(name, 0))
    FROM set_config('enable_seqscan', 'off', true) AS by_keys,
         set_config('plan_cache_mode', (
             SELECT CASE WHEN min(reltuples) > 200 THEN 'force_generic_plan' ELSE 'auto' END FROM pg_class
             WHERE oid = ANY('{orders,order_lines,vendor_orders}'::regclass[])), true) AS kept,
         unnest(%(names)s::text[]) AS name
"""


def lock_orders(session: Session, shop_id: int, numbers: Sequence[int]) -> None:
    """One at a time per order, until the transaction ends. The row is no lock: a refund may come before there is one.

    `numbers` are sorted: two batches that meet wait for each other in the same sequence.
    """
    read_rows(session, _LOCK, {"names": [f"order:{shop_id}:{number}" for number in numbers]})


def read_held(session: Session, shop_id: int, numbers: Sequence[int]) -> dict[int, Held]:
    """What is stored of each of the orders, by Shopify's number; of an order never heard of, nothing."""
    return place_rows(read_rows(session, READ.encode(), {"shop": shop_id, "numbers": list(numbers)}), numbers)


def place_rows(looked_up: Iterable[tuple[str, str]], numbers: Iterable[int]) -> dict[int, Held]:
    """The rows among what was found, each where it belongs."""
    found = {number: Held() for number in numbers}
    by_id: dict[int, Held] = {}
    rows = [(table, _DECODERS[table].decode(text)) for table, text in looked_up if table in _DECODERS]
    # Orders first: their lines and parts name them by our id.
    for table, row in sorted(rows, key=lambda row: (row[0] != "orders", row[1].id)):
        one = _place(row, found, by_id)
        one.as_stored[table, row.id] = copy.copy(row)
    return found


def _place(row: Row, found: Mapping[int, Held], by_id: dict[int, Held]) -> Held:
    """Put the row where it belongs; returns the order's."""
    match row:
        case OrderRow():
            one = by_id[row.id] = found[row.shopify_id]
            one.order, one.body = row, read_payload(payloads.Order, bytes(row.snapshot))
            one.body_before = one.body
        case LineRow():
            one = by_id[row.order_id]
            one.lines[row.shopify_id] = row
        case PartRow():
            one = by_id[row.order_id]
            one.parts[row.vendor_id] = row
        case RefundRow():
            one = found[row.order_shopify_id]
            one.refunds[row.shopify_id] = row
        case ParcelRow():
            one = found[row.order_shopify_id]
            one.parcels.append(row)
        case DisputeRow():
            one = found[row.order_shopify_id]
            one.disputes[row.shopify_id] = row
        case PaymentRow():
            one = found[row.order_shopify_id]
            one.payments[row.shopify_id] = row
        case _:
            raise TypeError(type(row))
    return one


def write_held(session: Session, shop_id: int, held: Sequence[Held]) -> None:
    """Store what is new and what changed; every row has its id afterwards."""
    _write(session, shop_id, "orders", held, numbered=True)
    for one in held:
        children: Iterable[LineRow | PartRow] = (*one.lines.values(), *one.parts.values())
        for row in children:
            assert one.order is not None
            row.order_id = one.order.id
    _write(session, shop_id, "order_lines", held)
    parts = _write(session, shop_id, "vendor_orders", held)
    for vendor_id in dict.fromkeys(part.vendor_id for part in parts if isinstance(part, PartRow)):
        announce(session, shop_id, "VendorOrderChanged", vendor_id)
    _write(session, shop_id, "order_refunds", held, numbered=True)
    _write(session, shop_id, "fulfilments", held, numbered=True)
    _write(session, shop_id, "order_disputes", held, numbered=True)
    _write(session, shop_id, "order_payments", held, numbered=True)


def _write(session: Session, shop_id: int, table: str, held: Iterable[Held], *, numbered: bool = False) -> list[Row]:
    differing = list(_differing(table, held))
    new, changed = [row for row in differing if not row.id], [row for row in differing if row.id]
    insert_rows(session, table, new, numbered=numbered, shop_id=shop_id)
    update_rows(session, table, changed)
    return differing


def _differing(table: str, held: Iterable[Held]) -> Iterator[Row]:
    rows_of = _ROWS[table]
    for one in held:
        yield from (row for row in rows_of(one) if row != one.as_stored.get((table, row.id)))
