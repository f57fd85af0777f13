"""Vendors, the people who work for them, and how those people get in."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class VendorStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Vendor(Model):
    """A seller in one shop. What customers may see is copied to the `$app:vendor` metaobject; the rest stays here."""

    __tablename__ = "vendors"
    __table_args__ = (
        UniqueConstraint("shop_id", "handle"),
        Index("uq_vendors_shop_id_email", "shop_id", text("lower(email)"), unique=True),
        Index("ix_vendors_shop_id_status", "shop_id", "status"),
        Index("ix_vendors_shop_id_name", "shop_id", text("lower(name)")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    handle: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]
    status: Mapped[VendorStatus] = mapped_column(server_default=VendorStatus.PENDING)
    status_reason: Mapped[str | None]
    status_changed_at: Mapped[CreatedAt]
    tagline: Mapped[str] = mapped_column(server_default="")
    about: Mapped[str] = mapped_column(server_default="")
    location: Mapped[str] = mapped_column(server_default="")
    website: Mapped[str] = mapped_column(server_default="")
    policies: Mapped[str] = mapped_column(server_default="")
    announcement: Mapped[str] = mapped_column(server_default="")
    """What opens the public page: news, a market day."""
    social: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """A network (app/vendors/face.py) to the vendor's address there."""
    translations: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """A language to the columns of the public page that are written in it, too."""
    logo_url: Mapped[str | None]
    logo_file_gid: Mapped[str | None]
    cover_url: Mapped[str | None]
    cover_file_gid: Mapped[str | None]
    contact_name: Mapped[str] = mapped_column(server_default="")
    phone: Mapped[str] = mapped_column(server_default="")
    country: Mapped[str] = mapped_column(server_default="")
    """ISO 3166-1 alpha-2."""
    what_they_sell: Mapped[str] = mapped_column(server_default="")
    terms_version: Mapped[str | None]
    terms_accepted_at: Mapped[datetime | None]
    tax_id: Mapped[bytes | None]
    """Encrypted."""
    payout_rail: Mapped[str] = mapped_column(server_default="bank")
    """How the vendor wants to be paid: a RailName."""
    payout_account: Mapped[bytes | None]
    """Encrypted: IBAN, PayPal address or Stripe account."""
    payout_holder: Mapped[bytes | None]
    """Encrypted."""
    payout_last4: Mapped[str | None]
    """What may be shown of the account."""
    payout_waiting: Mapped[bytes | None]
    """Encrypted JSON: new details that the vendor has yet to confirm by the link in an e-mail."""
    payout_waiting_hash: Mapped[bytes | None]
    """Of that link's token."""
    payout_waiting_at: Mapped[datetime | None]
    payout_changed_at: Mapped[datetime | None]
    """A change of payout details holds payouts for 72 h from here."""
    metaobject_gid: Mapped[str | None]
    metaobject_updated_at: Mapped[datetime | None]
    """Newest version of the metaobject seen from Shopify; older events change nothing."""
    page_words: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What the metaobject's words were when we last saw them, by field: whatever else it says then, staff wrote."""
    page_sent: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Words that a job is just writing, or wrote without hearing the answer."""
    page_products: Mapped[list[str]] = mapped_column(server_default=text("'[]'"), deferred=True)
    """The products that the metaobject named when we last saw it (app/vendors/goods.py)."""
    profile_synced_at: Mapped[datetime | None]
    """When the metaobject last took over our row; None while a change is on its way."""
    sync_error: Mapped[str | None]
    shopify_customer_id: Mapped[int | None]
    """The customer account that may open the portal from the storefront."""
    customer_user_id: Mapped[int | None]
    """Whose it is: the person who connected it comes in, nobody else."""
    locale: Mapped[str] = mapped_column(server_default="en")
    away_from: Mapped[datetime | None]
    away_until: Mapped[datetime | None]
    """On holiday from one moment up to the other; a holiday that is over stays written until the next."""
    away_hides: Mapped[bool] = mapped_column(server_default=false())
    """Whether the products are off sale meanwhile, or only sent later."""
    away_note: Mapped[str] = mapped_column(server_default="")
    is_collected: Mapped[bool | None]
    """Whether the shop collects and sends what they sell; None: as for all of its vendors."""
    rating_count: Mapped[int] = mapped_column(server_default="0")
    rating_sum: Mapped[int] = mapped_column(server_default="0")
    """Stars of all published reviews, added up."""
    shown_reviews: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What the public page holds of them: {"counts": …, "latest": …} (app/reviews/rules.py)."""
    applied_at: Mapped[CreatedAt]
    approved_at: Mapped[datetime | None]
    updated_at: Mapped[CreatedAt]


class VendorUser(Model):
    """A person who may open a vendor's portal. The same e-mail may work for several vendors."""

    __tablename__ = "vendor_users"
    __table_args__ = (Index("uq_vendor_users_vendor_id_email", "vendor_id", text("lower(email)"), unique=True),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), index=True)
    email: Mapped[str]
    name: Mapped[str] = mapped_column(server_default="")
    role: Mapped[str] = mapped_column(server_default="owner")
    language: Mapped[str | None]
    """Of these pages and of e-mails to this person: what they chose, or came in with."""
    last_seen_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class MagicLink(Model):
    """A single-use, short-lived way in, by e-mail or from the storefront. Only the token's hash is kept."""

    __tablename__ = "magic_links"
    __table_args__ = (Index("ix_magic_links_shop_id_email_created_at", "shop_id", "email", "created_at"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    email: Mapped[str]
    """Empty of what the storefront hands over: its ticket says to whom."""
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    ip: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PortalSession(Model):
    """Somebody signed in to the portal. Only the cookie's hash is kept."""

    __tablename__ = "portal_sessions"

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    vendor_user_id: Mapped[int | None] = mapped_column(ForeignKey("vendor_users.id", ondelete="CASCADE"), index=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id", ondelete="CASCADE"))
    """One of the two: a person of the vendor's, or a visit of the shop's staff."""
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_agent: Mapped[str] = mapped_column(server_default="")
    awaits_factor: Mapped[bool] = mapped_column(server_default=false())
    """The mail was read, the second factor not shown yet: such a session opens only the page that asks for it."""
    factor_failures: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
    last_seen_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class PictureKind(StrEnum):
    LOGO = "logo"
    COVER = "cover"


class VendorPicture(Model):
    """A vendor's picture as we keep it until Shopify has a copy of its own, and for the portal to show."""

    __tablename__ = "vendor_pictures"

    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[PictureKind] = mapped_column(primary_key=True, server_default=PictureKind.LOGO)
    shop_id: Mapped[ShopId]
    content: Mapped[bytes]
    content_type: Mapped[str]
    digest: Mapped[str]
    """SHA-256 of the content, in hex."""
    changed_at: Mapped[datetime]
    file_gid: Mapped[str | None]
    """The file that Shopify makes of it, as soon as it has a name."""
    published_at: Mapped[datetime | None]
    """When Shopify served it and the vendor's row took over its address."""
    error: Mapped[str | None]
    """Why Shopify refused it for good, in a sentence for the vendor."""
