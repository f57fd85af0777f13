"""Reviews of vendors, questions to them, and codes to print"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rls import protect_for_shop, protect_for_vendor

revision: str = "0047_voices"
down_revision: str | None = "0046_messages"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_STAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _add_reviews()
    _add_questions()
    _add_codes()


def _add_reviews() -> None:
    op.create_table(
        "vendor_reviews",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shops.id", ondelete="CASCADE"), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), sa.ForeignKey("vendors.id", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "vendor_order_id",
            sa.BigInteger(),
            sa.ForeignKey("vendor_orders.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        sa.Column("stars", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("shown_name", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(40), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("decided_at", _STAMP),
        sa.Column("decided_by", sa.Text()),
        sa.Column("is_returned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_at", _STAMP),
        sa.Column("report", sa.Text()),
        sa.Column("reported_at", _STAMP),
        sa.Column("settled_at", _STAMP),
        sa.Column("forgotten_at", _STAMP),
        sa.Column("written_at", _STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("created_at", _STAMP, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_vendor_reviews_stars")),
    )
    op.create_index(op.f("ix_vendor_reviews_shop_id"), "vendor_reviews", ["shop_id"])
    for owner in ("shop_id", "vendor_id"):
        name = op.f(f"ix_vendor_reviews_{owner}_state_written_at")
        op.create_index(name, "vendor_reviews", [owner, "state", "written_at"])
    protect_for_vendor("vendor_reviews")
    op.create_table(
        "review_requests",
        sa.Column(
            "vendor_order_id",
            sa.BigInteger(),
            sa.ForeignKey("vendor_orders.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shops.id", ondelete="CASCADE"), nullable=False),
        sa.Column("due_at", _STAMP, nullable=False),
        sa.Column("asked_at", _STAMP),
        sa.Column("closed_at", _STAMP),
        sa.Column("stopped_at", _STAMP),
    )
    op.create_index(op.f("ix_review_requests_shop_id"), "review_requests", ["shop_id"])
    waiting = sa.text("asked_at IS NULL AND closed_at IS NULL")
    op.create_index(op.f("ix_review_requests_due_at"), "review_requests", ["due_at"], postgresql_where=waiting)
    protect_for_shop("review_requests")
    op.create_table(
        "review_settings",
        sa.Column(
            "shop_id",
            sa.BigInteger(),
            sa.ForeignKey("shops.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("is_asking", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("ask_after_days", sa.BigInteger(), server_default="7", nullable=False),
        sa.Column("publish_from_stars", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("publish_known", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("updated_at", _STAMP, server_default=sa.func.now(), nullable=False),
    )
    protect_for_shop("review_settings")
    op.add_column("vendors", sa.Column("rating_count", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("vendors", sa.Column("rating_sum", sa.BigInteger(), server_default="0", nullable=False))
    shown = sa.Column("shown_reviews", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False)
    op.add_column("vendors", shown)
    # A customer's orders: for their reviews and their account page.
    customer = sa.text("((snapshot #>> '{customer,id}'))")
    op.create_index(op.f("ix_orders_shop_id_customer"), "orders", ["shop_id", customer])


def _add_questions() -> None:
    op.create_table(
        "questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shops.id", ondelete="CASCADE"), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), sa.ForeignKey("vendors.id", ondelete="CASCADE"), nullable=False),
        sa.Column("product_id", sa.BigInteger(), sa.ForeignKey("products.id", ondelete="SET NULL")),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("shown_name", sa.Text(), server_default="", nullable=False),
        sa.Column("may_be_shown", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state", sa.String(40), server_default="unconfirmed", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", _STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("answered_at", _STAMP),
        sa.Column("hidden_at", _STAMP),
        sa.Column("created_at", _STAMP, server_default=sa.func.now(), nullable=False),
        sa.UniqueConstraint("shop_id", "key"),
    )
    op.create_index(op.f("ix_questions_shop_id"), "questions", ["shop_id"])
    for owner in ("shop_id", "vendor_id"):
        op.create_index(op.f(f"ix_questions_{owner}_state_asked_at"), "questions", [owner, "state", "asked_at"])
    protect_for_vendor("questions")
    op.create_table(
        "question_askers",
        sa.Column(
            "question_id",
            sa.BigInteger(),
            sa.ForeignKey("questions.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shops.id", ondelete="CASCADE"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger()),
    )
    op.create_index(op.f("ix_question_askers_shop_id"), "question_askers", ["shop_id"])
    protect_for_shop("question_askers")


def _add_codes() -> None:
    op.create_table(
        "qr_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shops.id", ondelete="CASCADE"), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), sa.ForeignKey("vendors.id", ondelete="CASCADE"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("caption", sa.Text(), server_default="", nullable=False),
        sa.Column("destination", sa.String(40), server_default="vendor", nullable=False),
        sa.Column("product_id", sa.BigInteger(), sa.ForeignKey("products.id", ondelete="SET NULL")),
        sa.Column("path", sa.Text(), server_default="", nullable=False),
        sa.Column("archived_at", _STAMP),
        sa.Column("created_at", _STAMP, server_default=sa.func.now(), nullable=False),
    )
    for column in ("shop_id", "vendor_id"):
        op.create_index(op.f(f"ix_qr_codes_{column}"), "qr_codes", [column])
    protect_for_vendor("qr_codes")
    op.create_table(
        "qr_scans",
        sa.Column("code_id", sa.BigInteger(), sa.ForeignKey("qr_codes.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shops.id", ondelete="CASCADE"), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), sa.ForeignKey("vendors.id", ondelete="CASCADE"), nullable=False),
        sa.Column("scans", sa.BigInteger(), nullable=False),
    )
    op.create_index(op.f("ix_qr_scans_shop_id"), "qr_scans", ["shop_id"])
    protect_for_vendor("qr_scans")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
