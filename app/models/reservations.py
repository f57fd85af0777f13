"""Units that somebody has in a cart or is about to pay for. They inform; Shopify's checkout decides who gets them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Model


class Reservation(Model):
    """One cart's units of one vendor's variant. Kept for 30 days after the last change."""

    __tablename__ = "reservations"
    __table_args__ = (
        Index("ix_reservations_shop_id_product_number", "shop_id", "product_number"),
        Index(
            "ix_reservations_expires_at",
            "expires_at",
            postgresql_where=text("state IN ('cart', 'checkout', 'payment')"),
        ),
        Index("ix_reservations_shop_id_changed_at", "shop_id", "changed_at"),
        Index("ix_reservations_vendor_id", "vendor_id"),
    )

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    cart_key: Mapped[str] = mapped_column(primary_key=True)
    """A digest of the cart's token: whoever has the token has the cart."""
    variant_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Shopify's."""
    product_number: Mapped[int]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    state: Mapped[str]
    """A ReservationState (app/reservations/rules.py)."""
    quantity: Mapped[int]
    seen_at: Mapped[datetime]
    """When Shopify says that the cart looked so: older news change nothing."""
    expires_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]
