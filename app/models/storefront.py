"""What customers keep in the shop: lists, the saved cart, history, preferences. Each row is one customer's own."""

from typing import Any, Final

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Model

ERASED: Final = 0
"""The revision of a customer whom the shop had erased."""


class CustomerSync(Model):
    """How far a customer's items have moved on. Its row is locked by each sync, so that revisions follow commits."""

    __tablename__ = "customer_syncs"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Shopify's number."""
    revision: Mapped[int] = mapped_column(server_default="1")
    """`ERASED` stays: a browser that still holds the customer's items must not take us for a restored backup."""
    synced_at: Mapped[CreatedAt]


class CustomerItem(Model):
    """One item as last edited on any of the customer's devices; a deleted one is kept so that no old copy returns.

    `fillfactor` and no index on what an edit changes: it stays on its page.
    """

    __tablename__ = "customer_items"
    __table_args__ = (
        Index("ix_customer_items_own_cart", "shop_id", "key", postgresql_where=text("kind = 'own_cart'")),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """The shop and the customer are those of the row in `customer_syncs` from which it was written."""
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    """What it is about: a product's number, a vendor's handle, a line of the cart and where it was put in."""
    clock: Mapped[str] = mapped_column(Text(collation="C"))
    """Hybrid logical clock of the last edit; of two edits the greater wins (app/storefront/rules.py)."""
    value: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """None: deleted."""
    revision: Mapped[int]
    """Of the customer, when this reached us: devices ask for what came after the revision they know."""
    changed_at: Mapped[CreatedAt]
    """When it reached us."""
