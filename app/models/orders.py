"""Orders as Shopify told them, what was frozen when they were first seen, and each vendor's part of them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId
from app.money import Money


class Order(Model):
    """The newest snapshot of an order. Staff only: it names the customer and every vendor."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("shop_id", "shopify_id"),
        Index("ix_orders_shop_id_ordered_at", "shop_id", "ordered_at"),
        Index(
            "ix_orders_fees_unread",
            "paid_seen_at",
            postgresql_where=text("fees_read_at IS NULL AND terms ? 'reads_fees'"),
        ),
        Index("ix_orders_shop_id_name", "shop_id", "name"),
        Index("ix_orders_shop_id_shopify_customer_id", "shop_id", "shopify_customer_id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"))
    shopify_id: Mapped[int]
    name: Mapped[str]
    currency: Mapped[str]
    ordered_at: Mapped[datetime]
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Shopify's payload, as it came; of two, the newer stays, whichever came first."""
    snapshot_updated_at: Mapped[datetime]
    terms: Mapped[dict[str, Any]]
    """How shipping is shared; frozen when the order was first seen."""
    financial_status: Mapped[str] = mapped_column(server_default="")
    fulfillment_status: Mapped[str] = mapped_column(server_default="")
    cancelled_at: Mapped[datetime | None]
    test: Mapped[bool] = mapped_column(server_default="false")
    total_minor: Mapped[int]
    customer_name: Mapped[str] = mapped_column(server_default="")
    customer_email: Mapped[str | None]
    shopify_customer_id: Mapped[int | None]
    """As the snapshot has it: to find a customer's orders without looking into all of them."""
    flags: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Why its amounts do not add up; its vendors' money is held until there is none."""
    additions: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What edits added and took off, and until when Shopify's own list of them was read: `app.orders.additions`."""
    lifted: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    """Flags that a person has lifted: {"flag", "reason", "by", "at"}."""
    unknown_since: Mapped[datetime | None]
    """When a proof found that Shopify does not have it; None while it does."""
    fees_read_at: Mapped[datetime | None]
    """When Shopify was asked what the payment provider kept; asked only where vendors bear it."""
    paid_seen_at: Mapped[datetime | None]
    cancelled_seen_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class OrderLine(Model):
    """One line with what was frozen at the sale, and its share as last computed from the snapshot."""

    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint("order_id", "shopify_id"),
        Index("ix_order_lines_shop_id_order_id", "shop_id", "order_id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int]
    """Its order's."""
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id"), index=True)
    """None: the store's own goods."""
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    shopify_id: Mapped[int]
    position: Mapped[int]
    title: Mapped[str]
    sku: Mapped[str] = mapped_column(server_default="")
    attribution: Mapped[str]
    """How the vendor was found: "product" (our mapping), "name" (Shopify's vendor text) or "none"."""
    rule: Mapped[dict[str, Any] | None]
    reason: Mapped[str] = mapped_column(server_default="")
    """Why that rule fired, in a sentence."""
    sold_as: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What rules could ask about it at the sale: product, category, tags, collections, groups, unit price."""
    hold_days: Mapped[int]
    tax_to: Mapped[str]
    fee_tax_bps: Mapped[Decimal] = mapped_column(Numeric(9, 2))
    discount_bearers: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    quantity: Mapped[int] = mapped_column(server_default="0")
    current_quantity: Mapped[int] = mapped_column(server_default="0")
    """Without what was refunded or taken off."""
    to_ship: Mapped[int] = mapped_column(server_default="0")
    gross_minor: Mapped[int] = mapped_column(server_default="0")
    vendor_discount_minor: Mapped[int] = mapped_column(server_default="0")
    market_discount_minor: Mapped[int] = mapped_column(server_default="0")
    included_tax_minor: Mapped[int] = mapped_column(server_default="0")
    tax_minor: Mapped[int] = mapped_column(server_default="0")
    base_minor: Mapped[int] = mapped_column(server_default="0")
    fee_minor: Mapped[int] = mapped_column(server_default="0")
    fee_tax_minor: Mapped[int] = mapped_column(server_default="0")
    vendor_minor: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]


class VendorOrderStatus(StrEnum):
    UNPAID = "unpaid"
    TO_SHIP = "to_ship"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    """Cancelled or wholly refunded: nothing is left to send."""


class VendorOrder(Model):
    """One vendor's part of an order: what the vendor may know of it."""

    __tablename__ = "vendor_orders"
    __table_args__ = (
        UniqueConstraint("order_id", "vendor_id"),
        Index("ix_vendor_orders_shop_id_order_id", "shop_id", "order_id"),
        Index("ix_vendor_orders_vendor_id_status_ordered_at", "vendor_id", "status", "ordered_at"),
        Index("ix_vendor_orders_vendor_id_order_shopify_id", "vendor_id", "order_shopify_id"),
        Index(
            "ix_vendor_orders_next_release_at", "next_release_at", postgresql_where=text("next_release_at IS NOT NULL")
        ),
        Index("ix_vendor_orders_held", "holds_read_at", postgresql_where=text("holds <> '[]'::jsonb")),
    )

    id: Mapped[Id]
    shop_id: Mapped[int]
    """Its order's."""
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    order_shopify_id: Mapped[int]
    name: Mapped[str]
    ordered_at: Mapped[datetime]
    currency: Mapped[str]
    status: Mapped[VendorOrderStatus] = mapped_column(server_default=VendorOrderStatus.UNPAID)
    is_test: Mapped[bool] = mapped_column(server_default="false")
    is_checked: Mapped[bool] = mapped_column(server_default="true")
    """False while the order's amounts do not add up: its money is held."""
    customer_name: Mapped[str] = mapped_column(server_default="")
    ship_to: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Address lines for the parcel; no e-mail, no telephone."""
    items_total: Mapped[int] = mapped_column(server_default="0")
    items_to_ship: Mapped[int] = mapped_column(server_default="0")
    items_returned: Mapped[int] = mapped_column(server_default="0")
    shipped_at: Mapped[datetime | None]
    """When the last of it was sent; None while something is left to send."""
    delivered_at: Mapped[datetime | None]
    """When the carrier had brought all of it, as far as we were told."""
    buyer_removed_at: Mapped[datetime | None]
    """When the customer's name and address were taken out, because nobody needs them to send anything."""
    earned_minor: Mapped[int] = mapped_column(server_default="0")
    """What the vendor has of this order after refunds, at whichever stage; a cache of the ledger's entries."""
    next_release_at: Mapped[datetime | None]
    hold_reason: Mapped[str | None]
    """Why the money that is not available yet is not."""
    disputes: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    """Those in which the vendor's money is or was at stake: number, state, is_inquiry, amount_minor (the vendor's),
    bank_reason, answer_by.
    """
    shipping: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    """How the vendor's part of each shipping line that is paid whole is reckoned: line (Shopify's number), way (value,
    weight, equal or own), bps, whole_minor. Empty for what was booked before this was kept.
    """
    returns: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    """Returns with goods of the vendor's: number, name, status, decline_reason, opened_at,
    items [{title, quantity, reason}].
    """
    holds: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    """What of it may not be sent yet: line (Shopify's number), units, reason, until."""
    holds_read_at: Mapped[datetime | None]
    """When the reading began whose answer stands in `holds`."""
    told_at: Mapped[datetime | None]
    """When the vendor was sent the e-mail about it."""
    created_at: Mapped[CreatedAt]

    @property
    def is_held(self) -> bool:
        """Something waits to be sent, and nothing of it may be yet."""
        return 0 < self.items_to_ship == self.items_held

    @property
    def earned(self) -> Money:
        return Money(self.earned_minor, self.currency)

    @property
    def items_held(self) -> int:
        """Units that wait to be sent and may not be yet."""
        return min(self.items_to_ship, sum(int(one["units"]) for one in self.holds))


class OrderRefund(Model):
    """A refund as Shopify told it, perhaps before the order itself was seen."""

    __tablename__ = "order_refunds"
    __table_args__ = (
        UniqueConstraint("shop_id", "shopify_id"),
        Index("ix_order_refunds_shop_id_order_shopify_id", "shop_id", "order_shopify_id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    order_shopify_id: Mapped[int]
    shopify_id: Mapped[int]
    refunded_at: Mapped[datetime]
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSON)
    keep_commission: Mapped[bool]
    """The merchant's choice when the refund was first seen; so is the bearer."""
    bearer: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """The other choices of that moment, and on which vendor a person put it since, with the reason."""
    announced_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class OrderDispute(Model):
    """A chargeback or an inquiry, perhaps known before its order is."""

    __tablename__ = "order_disputes"
    __table_args__ = (
        UniqueConstraint("shop_id", "shopify_id"),
        Index("ix_order_disputes_shop_id_order_shopify_id", "shop_id", "order_shopify_id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    order_shopify_id: Mapped[int]
    shopify_id: Mapped[int]
    opened_at: Mapped[datetime]
    state: Mapped[str]
    """As the books read it: open, won, lost or closed."""
    snapshot: Mapped[dict[str, Any]]
    terms: Mapped[dict[str, Any]]
    """The merchant's choices when it was first seen, and on which vendor a person put it since."""
    told_state: Mapped[str | None]
    """The state that the rest of the program has heard of."""
    created_at: Mapped[CreatedAt]

    @property
    def answer_by(self) -> datetime | None:
        """Until when the bank wants to hear the merchant, while it has not decided."""
        due = self.snapshot.get("evidence_due_by") if self.state == "open" else None
        return datetime.fromisoformat(due) if due else None


class OrderReturn(Model):
    """Goods on their way back, or asked to be: as Shopify told it when we last read it. No money moves with it."""

    __tablename__ = "order_returns"
    __table_args__ = (
        UniqueConstraint("shop_id", "shopify_id"),
        Index("ix_order_returns_shop_id_order_shopify_id", "shop_id", "order_shopify_id"),
        Index("ix_order_returns_unread", "told_at", postgresql_where=text("read_at IS NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    shopify_id: Mapped[int]
    told_at: Mapped[CreatedAt]
    """When Shopify last said that it changed."""
    read_at: Mapped[datetime | None]
    """When the reading began whose answer stands here; None while there is news that was not read."""
    order_shopify_id: Mapped[int | None]
    name: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="")
    """requested, open, closed, declined or canceled; "gone" when Shopify no longer has it."""
    decline_reason: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    """[{"line": Shopify's number, "quantity", "refunded", "reason"}]. What the customer wrote is not kept."""


class OrderPayment(Model):
    """One transaction of an order: how money came in or went back. Nothing of the customer's card is kept."""

    __tablename__ = "order_payments"
    __table_args__ = (
        UniqueConstraint("shop_id", "shopify_id"),
        Index("ix_order_payments_shop_id_order_shopify_id", "shop_id", "order_shopify_id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    order_shopify_id: Mapped[int]
    shopify_id: Mapped[int]
    processed_at: Mapped[datetime]
    kind: Mapped[str]
    status: Mapped[str]
    gateway: Mapped[str] = mapped_column(server_default="")
    amount: Mapped[str]
    """In what the customer was charged in, as Shopify wrote it."""
    currency: Mapped[str]
    fee_minor: Mapped[int | None]
    """What the payment provider kept, its tax included, in shop money; None while it is not known."""
    created_at: Mapped[CreatedAt]
