"""Shops that installed the app, their tokens and their settings."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model


class ShopStatus(StrEnum):
    INSTALLED = "installed"
    UNINSTALLED = "uninstalled"


class Shop(Model):
    """One row for each shop that ever installed; a reinstall finds its row again."""

    __tablename__ = "shops"

    id: Mapped[Id]
    domain: Mapped[str] = mapped_column(unique=True)
    """The permanent acme.myshopify.com, never typed by a person."""
    shopify_gid: Mapped[str | None]
    primary_host: Mapped[str | None]
    """The host name on which customers see the shop, if it is not the myshopify domain."""
    name: Mapped[str]
    email: Mapped[str | None]
    currency: Mapped[str] = mapped_column(server_default="USD")
    earlier_currencies: Mapped[list[list[str]]] = mapped_column(JSONB, server_default=text("'[]'"))
    """[currency, until when], the oldest first."""
    prices_due_at: Mapped[datetime | None]
    """Since when products have prices of an earlier currency: app/products/currencies.py."""
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    locale: Mapped[str] = mapped_column(server_default="en")
    status: Mapped[ShopStatus] = mapped_column(server_default=ShopStatus.INSTALLED)
    access_token: Mapped[bytes | None]
    """Encrypted. Gone after an uninstall."""
    access_token_expires_at: Mapped[datetime | None]
    refresh_token: Mapped[bytes | None]
    refresh_token_expires_at: Mapped[datetime | None]
    scopes: Mapped[str] = mapped_column(server_default="")
    definitions_version: Mapped[int] = mapped_column(server_default="0")
    """Which version of the metaobject and metafield definitions Shopify holds for this shop."""
    vendor_definition_gid: Mapped[str | None]
    newest_told: Mapped[list[str] | None] = mapped_column(nullable=False, server_default=text("'[]'"), deferred=True)
    """The products that Shopify was last told are new (app/vendors/goods.py); None while its answer is awaited."""
    location_gid: Mapped[str | None]
    """Where vendors' stock is counted until they have locations of their own."""
    publication_gid: Mapped[str | None]
    """The online store's publication."""
    channel_gids: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Other publications in which vendors' products are sold."""
    channels_left: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Publications that were chosen once and are not now: products are taken from there."""
    channels_version: Mapped[int] = mapped_column(server_default="0")
    """Counts the choices; a product that was told a smaller one has yet to follow."""
    installed_at: Mapped[CreatedAt]
    uninstalled_at: Mapped[datetime | None]
    has_redactions: Mapped[bool] = mapped_column(server_default="false")
    """Whether customers asked to be forgotten here: then late news of them are cleaned before they are handled."""

    def currency_at(self, moment: datetime) -> str:
        """In which currency the shop sold then: that of amounts which were kept without one."""
        earlier = (name for name, until in self.earlier_currencies if moment < datetime.fromisoformat(until))
        return next(earlier, self.currency)


class ShopSettings(Model):
    """What the merchant chose. Defaults are right for a shop that has chosen nothing yet."""

    __tablename__ = "shop_settings"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    auto_approve_vendors: Mapped[bool] = mapped_column(server_default="false")
    auto_approve_products: Mapped[bool] = mapped_column(server_default="false")
    price_band_bps: Mapped[int] = mapped_column(server_default="0")
    """How far a vendor may move the price of a product on sale without a review, from the last reviewed price."""
    review_days: Mapped[int] = mapped_column(server_default="0")
    """Within so many days vendors are promised an answer about a product or an edit; 0 promises nothing."""
    hold_days: Mapped[int] = mapped_column(server_default="14")
    """Days between fulfilment and the money becoming available: the return window."""
    payout_minimum_minor: Mapped[int] = mapped_column(server_default="0")
    vendors_may_cancel: Mapped[bool] = mapped_column(server_default="false")
    """Whether vendors cancel items that they cannot send without asking."""
    vendors_are_collected: Mapped[bool] = mapped_column(server_default="false")
    """Whether the shop collects what vendors sell and sends it itself; a vendor's `is_collected` goes before."""
    buyer_days: Mapped[int] = mapped_column(server_default="30")
    """Days after delivery for which vendors see the customer's name and address."""
    mail_from_name: Mapped[str | None]
    """Who e-mails come from; the shop's name when empty."""
    accent_color: Mapped[str] = mapped_column(server_default="#0b6e5f")
    setup_hidden_at: Mapped[datetime | None]
    """When the shop wanted to see the set-up guide no more."""
    newcomer_role: Mapped[str] = mapped_column(server_default="viewer")
    """What staff may do who open the app for the first time: a StaffRole."""
    logo_url: Mapped[str | None]
    """The picture that the vendor portal wears; its initial when empty."""
    terms_version: Mapped[str] = mapped_column(server_default="1")
    terms_text: Mapped[str] = mapped_column(server_default="")
    default_commission_bps: Mapped[Decimal] = mapped_column(Numeric(9, 2), server_default="1000")
    """Only the first value of the default commission rule; the rules list decides afterwards."""
    updated_at: Mapped[CreatedAt]
