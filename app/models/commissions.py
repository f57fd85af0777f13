"""The commission rules list, and how the rest of an order's money is shared."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, InTurn, Model, ShopId


class CommissionRule(Model):
    """One version of one rule. A change ends a version and begins the next, so the past keeps its own."""

    __tablename__ = "commission_rules"
    __table_args__ = (
        UniqueConstraint("shop_id", "rule_number", "version"),
        Index("ix_commission_rules_current", "shop_id", "position", postgresql_where=text("valid_to IS NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    rule_number: Mapped[int]
    """Stays the same through all versions; counted within the shop."""
    version: Mapped[int]
    position: Mapped[int]
    """In the list, from the top; the default rule is always below all others."""
    name: Mapped[str]
    is_default: Mapped[bool] = mapped_column(server_default="false")
    conditions: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    rate_bps: Mapped[Decimal] = mapped_column(Numeric(9, 2))
    flat: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Minor units per unit sold, by currency; floor and cap likewise, for the whole line."""
    floor: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    cap: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    net_of_tax: Mapped[bool] = mapped_column(server_default="false")
    with_shipping: Mapped[bool] = mapped_column(server_default="false")
    """The rate is taken of the vendor's part of the shipping as well."""
    hold_days: Mapped[int | None]
    """For how many days after the parcel the vendor's money waits; None: as agreed with the vendor."""
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    """Exclusive; None for the version in force, or planned. A plan that was dropped ends where it would have begun."""
    changed_by: Mapped[str]
    created_at: Mapped[CreatedAt]


class MoneySettings(Model):
    """Who gets shipping and tax, who bears discounts and refunds. Read when an order is first seen, then frozen."""

    __tablename__ = "money_settings"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    shipping_to: Mapped[str] = mapped_column(server_default="vendor")
    shipping_share: Mapped[str] = mapped_column(server_default="value")
    sales_tax_to: Mapped[str] = mapped_column(server_default="marketplace")
    shipping_tax_to: Mapped[str] = mapped_column(server_default="marketplace")
    keep_commission: Mapped[bool] = mapped_column(server_default="false")
    """Whether the marketplace keeps its commission when something is refunded."""
    refund_bearer: Mapped[str] = mapped_column(server_default="spread")
    fee_tax_bps: Mapped[Decimal] = mapped_column(Numeric(9, 2), server_default="0")
    discount_bearers: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """The vendor's part of a discount in basis points, by code or title in upper case; others: `discount_bps`."""
    discount_bps: Mapped[Decimal] = mapped_column(Numeric(9, 2), server_default="10000")
    payment_fees_to: Mapped[str] = mapped_column(server_default="marketplace")
    """Who bears the payment provider's fee on a vendor's part: "marketplace", "vendor" or "shared"."""
    keep_payment_fee: Mapped[bool] = mapped_column(server_default="false")
    """Whether a vendor who bears it bears it on what is refunded too."""
    dispute_fee_minor: Mapped[int] = mapped_column(server_default="0")
    """What the payment provider charges for a chargeback; no webhook says it."""
    dispute_fee_to: Mapped[str] = mapped_column(server_default="marketplace")
    reserve_bps: Mapped[Decimal] = mapped_column(Numeric(9, 2), server_default="0")
    """Kept back of what becomes available, for `reserve_days` more."""
    reserve_days: Mapped[int] = mapped_column(server_default="0")
    payer_name: Mapped[str] = mapped_column(server_default="")
    """Whose account pays the vendors, for bank files."""
    payer_iban: Mapped[bytes | None]
    """Encrypted."""
    payer_last4: Mapped[str] = mapped_column(server_default="")
    payer_bic: Mapped[str] = mapped_column(server_default="")
    updated_at: Mapped[CreatedAt]


class VendorTerms(Model):
    """What was agreed with one vendor alone; everything else is as for all. The vendor may read it."""

    __tablename__ = "vendor_terms"

    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), primary_key=True)
    shop_id: Mapped[ShopId]
    overrides: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """By the names of app/commissions/terms.py; decimals as text."""
    updated_at: Mapped[CreatedAt]


class VendorGroup(Model):
    """Vendors that commission rules may name together."""

    __tablename__ = "vendor_groups"
    __table_args__ = (Index("uq_vendor_groups_shop_id_name", "shop_id", text("lower(name)"), unique=True),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    name: Mapped[str]
    created_at: Mapped[CreatedAt]


class VendorGroupMember(Model):
    __tablename__ = "vendor_group_members"

    group_id: Mapped[int] = mapped_column(ForeignKey("vendor_groups.id", ondelete="CASCADE"), primary_key=True)
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), primary_key=True, index=True)
    shop_id: Mapped[ShopId]


class WatchedCollection(Model):
    """A collection that a rule names: its products are kept here, so that booking an order asks nobody."""

    __tablename__ = "watched_collections"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    gid: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    """When it was last to be read; it is due while `read_at` is older."""
    read_at: Mapped[datetime | None]
    error: Mapped[str | None]


class CollectionProduct(Model):
    __tablename__ = "collection_products"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    product_gid: Mapped[str] = mapped_column(primary_key=True)
    collection_gid: Mapped[str] = mapped_column(primary_key=True)


class CommissionPreview(InTurn, Model):
    """What the last ninety days would have been under another list. Computed in steps, then kept for a day."""

    __tablename__ = "commission_previews"

    shop_id: Mapped[ShopId]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    rules: Mapped[list[dict[str, Any]]]
    """The whole list from the top, as it would be."""
    since: Mapped[datetime]
    cursor: Mapped[int] = mapped_column(server_default="0")
    """The last order line that was looked at."""
    total: Mapped[int] = mapped_column(server_default="0")
    unknown: Mapped[int] = mapped_column(server_default="0")
    """Lines left out, because what rules ask about was not kept when they were sold."""
    sums: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """By vendor id: [lines, sold, commission taken, commission with the change, lines whose money would be on hold for
    longer with it, and for shorter, by how much the commission without the change differs from what was taken].
    """
