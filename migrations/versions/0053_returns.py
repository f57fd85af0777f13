"""Returns of goods"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0053_returns"
down_revision: str | None = "0052_monthly_invoices"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _when(name: str, *, default: bool = False) -> sa.Column[object]:
    now = sa.text("now()") if default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=not default)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    empty = sa.text("'[]'")
    op.create_table(
        "order_returns",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shops.id", ondelete="CASCADE"), nullable=False),
        sa.Column("shopify_id", sa.BigInteger(), nullable=False),
        _when("told_at", default=True),
        _when("read_at"),
        sa.Column("order_shopify_id", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in ("name", "status")),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        _when("opened_at"),
        _when("closed_at"),
        sa.Column("lines", postgresql.JSONB(), server_default=empty, nullable=False),
        sa.UniqueConstraint("shop_id", "shopify_id"),
    )
    op.create_index("ix_order_returns_shop_id", "order_returns", ["shop_id"])
    op.create_index("ix_order_returns_shop_id_order_shopify_id", "order_returns", ["shop_id", "order_shopify_id"])
    unread = sa.text("read_at IS NULL")
    op.create_index("ix_order_returns_unread", "order_returns", ["told_at"], postgresql_where=unread)
    rls.protect_for_shop("order_returns")
    op.add_column("vendor_orders", sa.Column("returns", postgresql.JSONB(), server_default=empty, nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
