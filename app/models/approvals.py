"""How a shop's staff decide about products: rules that approve by themselves, and answers kept for use again."""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class ApprovalRule(Model):
    """What is approved without anybody looking. The first that fits, in their order, is named as the reason."""

    __tablename__ = "approval_rules"
    __table_args__ = (Index("ix_approval_rules_shop_id_position", "shop_id", "position"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    position: Mapped[int]
    name: Mapped[str]
    is_on: Mapped[bool] = mapped_column(server_default="true")
    conditions: Mapped[dict[str, Any]]
    """As app/products/approval_rules.py reads them."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class SavedReply(Model):
    """An answer to vendors, with placeholders."""

    __tablename__ = "saved_replies"
    __table_args__ = (Index("ix_saved_replies_shop_id_title", "shop_id", "title"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    title: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[CreatedAt]
