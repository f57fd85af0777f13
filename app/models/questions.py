"""What a shop asks of its vendors beyond the application, and what they answered: words or a document."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class QuestionKind(StrEnum):
    TEXT = "text"
    CHOICE = "choice"
    YES_NO = "yes_no"
    FILE = "file"


class VendorQuestion(Model):
    """One question, the same for every vendor of the shop. One that is asked no more keeps its answers."""

    __tablename__ = "vendor_questions"

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    kind: Mapped[QuestionKind]
    label: Mapped[str]
    help: Mapped[str] = mapped_column(server_default="")
    choices: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    is_required: Mapped[bool] = mapped_column(server_default="true")
    at_application: Mapped[bool] = mapped_column(server_default="false")
    """Asked in the form for applicants; a document is named there, and sent from the vendor pages."""
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[datetime | None]


class VendorAnswer(Model):
    """A vendor's answer, the latest. Seen by the vendor's owners and the shop's staff, and by nobody else."""

    __tablename__ = "vendor_answers"
    __table_args__ = (UniqueConstraint("vendor_id", "question_id"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(ForeignKey("vendor_questions.id", ondelete="CASCADE"), index=True)
    words: Mapped[str] = mapped_column(server_default="")
    """What was written or chosen, "yes" or "no"; of a document its name."""
    content: Mapped[bytes | None] = mapped_column(deferred=True)
    """Encrypted: the document, in base64."""
    content_type: Mapped[str | None]
    size: Mapped[int | None]
    """Of the document, in bytes."""
    answered_by: Mapped[str]
    answered_at: Mapped[CreatedAt]
