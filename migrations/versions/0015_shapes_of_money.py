"""Disputes, payments with their fees, settings per vendor, refunds put on one vendor, flags lifted by a person"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0015_shapes_of_money"
down_revision: str | None = "0014_storefront"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _widen_settings()
    _widen_orders()
    op.create_table(
        "vendor_terms",
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("overrides", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_vendor_terms_shop_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendors.id"], name=op.f("fk_vendor_terms_vendor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("vendor_id", name=op.f("pk_vendor_terms")),
    )
    op.create_index(op.f("ix_vendor_terms_shop_id"), "vendor_terms", ["shop_id"])
    rls.protect_readable_by_vendor("vendor_terms")
    _create_news(
        "order_disputes",
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
    )
    _create_news(
        "order_payments",
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), server_default="", nullable=False),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=True),
    )


def _widen_settings() -> None:
    for column in (
        sa.Column("payment_fees_to", sa.Text(), server_default="marketplace", nullable=False),
        sa.Column("keep_payment_fee", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("dispute_fee_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("dispute_fee_to", sa.Text(), server_default="marketplace", nullable=False),
        sa.Column("discount_bps", sa.Numeric(9, 2), server_default="10000", nullable=False),
        sa.Column("reserve_bps", sa.Numeric(9, 2), server_default="0", nullable=False),
        sa.Column("reserve_days", sa.BigInteger(), server_default="0", nullable=False),
    ):
        op.add_column("money_settings", column)


def _widen_orders() -> None:
    op.add_column("order_refunds", sa.Column("terms", postgresql.JSONB(), server_default="{}", nullable=False))
    op.add_column("orders", sa.Column("lifted", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("orders", sa.Column("fees_read_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("vendor_orders", sa.Column("hold_reason", sa.Text(), nullable=True))
    op.create_index(
        "ix_orders_fees_unread",
        "orders",
        ["paid_seen_at"],
        postgresql_where=sa.text("fees_read_at IS NULL AND terms ? 'reads_fees'"),
    )


def _create_news(table: str, *more: sa.Column[object]) -> None:
    """What Shopify tells of an order beside the order itself, perhaps before the order is seen."""
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("order_shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("shopify_id", sa.BigInteger(), nullable=False),
        *more,
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f(f"fk_{table}_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("shop_id", "shopify_id", name=op.f(f"uq_{table}_shop_id_shopify_id")),
    )
    op.create_index(op.f(f"ix_{table}_shop_id"), table, ["shop_id"])
    op.create_index(f"ix_{table}_shop_id_order_shopify_id", table, ["shop_id", "order_shopify_id"])
    rls.protect_for_shop(table)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
