"""E-mails that customers choose themselves: who agreed to what and when, and what they were told last."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class ConsentStep(StrEnum):
    ASKED = "asked"
    """Typed an address, which nobody has proven yet."""
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    STOPPED = "stopped"
    REFUSED = "refused"
    """The address bounced, or its owner marked an e-mail as unwanted or says that somebody else asked for it."""


class MailSubscriber(Model):
    """One customer's choice. Nothing is sent before `confirmed_at`, and nothing after it is empty again."""

    __tablename__ = "mail_subscribers"
    __table_args__ = (
        UniqueConstraint("shop_id", "customer_id"),
        Index("ix_mail_subscribers_next_look_at", "next_look_at", postgresql_where=text("confirmed_at IS NOT NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"))
    customer_id: Mapped[int]
    """Shopify's number."""
    email: Mapped[str] = mapped_column(server_default="")
    """Proven by a link that was sent there; empty before, and after a stop."""
    locale: Mapped[str] = mapped_column(server_default="")
    """As the shop's page was shown."""
    topics: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Of app/mailings/rules.py."""
    waiting_id: Mapped[int | None]
    """The consent whose address is yet to be proven."""
    confirmed_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    next_look_at: Mapped[CreatedAt]
    vendors_at: Mapped[CreatedAt]
    """What went on sale since is new to the customer."""
    wishlist_at: Mapped[datetime | None]
    """When the last e-mail about the wishlist was written."""
    cart_at: Mapped[datetime | None]
    """When the last reminder of a cart was written."""
    seen: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Products of the wishlist as the customer last heard of them: number → [price in minor units, currency, on sale].
    """
    created_at: Mapped[CreatedAt]


class MailConsent(Model):
    """One step of a customer's consent. Never changed: together they prove who agreed to what, when, where and how."""

    __tablename__ = "mail_consents"
    __table_args__ = (Index("ix_mail_consents_subscriber_id", "subscriber_id"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    customer_id: Mapped[int]
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("mail_subscribers.id", ondelete="CASCADE"))
    step: Mapped[ConsentStep]
    topics: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    email: Mapped[str] = mapped_column(server_default="")
    place: Mapped[str] = mapped_column(server_default="")
    """The page, or "e-mail"."""
    wording: Mapped[str] = mapped_column(server_default="")
    """Which version of the words beside the boxes was shown, and in which language."""
    created_at: Mapped[CreatedAt]


class MailingSettings(Model):
    """What the merchant offers. Without a row nothing is offered."""

    __tablename__ = "mailing_settings"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    vendors: Mapped[bool] = mapped_column(server_default=false())
    vendors_every_days: Mapped[int] = mapped_column(server_default="7")
    wishlist: Mapped[bool] = mapped_column(server_default=false())
    wishlist_every_days: Mapped[int] = mapped_column(server_default="1")
    cart: Mapped[bool] = mapped_column(server_default=false())
    cart_after_hours: Mapped[int] = mapped_column(server_default="24")
    postal_address: Mapped[str] = mapped_column(server_default="")
    """Who sends, as the law of many countries wants it in each such e-mail."""
    updated_at: Mapped[CreatedAt]
