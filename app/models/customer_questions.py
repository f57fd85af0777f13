"""What customers ask vendors, and the answers."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class QuestionState(StrEnum):
    UNCONFIRMED = "unconfirmed"
    """The asker's e-mail address is not proven yet: nobody but they know of it."""
    OPEN = "open"
    ANSWERED = "answered"
    HIDDEN = "hidden"
    """Taken away by the merchant."""


class Question(Model):
    __tablename__ = "questions"
    __table_args__ = (
        UniqueConstraint("shop_id", "key"),
        Index("ix_questions_shop_id_state_asked_at", "shop_id", "state", "asked_at"),
        Index("ix_questions_vendor_id_state_asked_at", "vendor_id", "state", "asked_at"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id", ondelete="SET NULL"))
    key: Mapped[str]
    """Made by the browser: the same question sent again is the same question."""
    words: Mapped[str]
    shown_name: Mapped[str] = mapped_column(server_default="")
    may_be_shown: Mapped[bool] = mapped_column(server_default="false")
    """Whether the asker agreed that it is shown with its answer."""
    state: Mapped[QuestionState] = mapped_column(server_default=QuestionState.UNCONFIRMED)
    answer: Mapped[str] = mapped_column(server_default="")
    asked_at: Mapped[CreatedAt]
    answered_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class QuestionAsker(Model):
    """Who asked. Staff only: a vendor never learns a customer's address."""

    __tablename__ = "question_askers"

    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True)
    shop_id: Mapped[ShopId]
    email: Mapped[str]
    customer_id: Mapped[int | None]
