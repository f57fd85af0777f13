"""Sellers whom the shop asked to join."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class VendorInvitation(Model):
    """One address, asked once or again; the link in the last e-mail is the one that works."""

    __tablename__ = "vendor_invitations"

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    email: Mapped[str]
    name: Mapped[str] = mapped_column(server_default="")
    """The shop name that the form begins with."""
    note: Mapped[str] = mapped_column(server_default="")
    """The merchant's own words in the e-mail."""
    is_approved: Mapped[bool] = mapped_column(server_default="false")
    """Whether whoever takes the invitation up need not wait for a decision."""
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    invited_by: Mapped[str]
    """An actor of the log."""
    times_sent: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendors.id", ondelete="SET NULL"))
    """Who came of it."""
