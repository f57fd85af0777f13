"""The merchant's own people as far as Shopify names them, and their visits to vendors' pages."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class StaffMember(Model):
    """Somebody of the shop who opened the app in the Shopify admin."""

    __tablename__ = "staff_members"
    __table_args__ = (UniqueConstraint("shop_id", "number"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    number: Mapped[str]
    """Shopify's id of the person: what follows "staff:" in the log."""
    name: Mapped[str] = mapped_column(server_default="")
    email: Mapped[str] = mapped_column(server_default="")
    role: Mapped[str]
    """What they may do: a StaffRole."""
    is_account_owner: Mapped[bool] = mapped_column(server_default="false")
    asked_at: Mapped[CreatedAt]
    """When Shopify was last asked for the name."""
    created_at: Mapped[CreatedAt]
    last_seen_at: Mapped[CreatedAt]

    @property
    def called(self) -> str:
        """What to call them on a page."""
        return self.name or self.email or f"Staff member {self.number}"


class Visit(Model):
    """A staff member in a vendor's pages, for half an hour at most. The vendor sees each of them."""

    __tablename__ = "visits"

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), index=True)
    staff_number: Mapped[str]
    staff_name: Mapped[str]
    """As it was then."""
    reason: Mapped[str] = mapped_column(server_default="")
    """Why changes were needed; without one the visit only looks."""
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    """Of the ticket that leads from the admin to the vendor's pages, once."""
    changes: Mapped[int] = mapped_column(server_default="0")
    """How many forms were sent."""
    made_at: Mapped[CreatedAt]
    opened_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
