"""Holds of fulfilment orders"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0057_fulfilment_holds"
down_revision: str | None = "0056_closed_balances"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "fulfilment_order_news",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shops.id", ondelete="CASCADE"), nullable=False),
        sa.Column("shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("told_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("tried_at", moment, nullable=True),
        sa.Column("order_shopify_id", sa.BigInteger(), nullable=True),
        sa.UniqueConstraint("shop_id", "shopify_id"),
    )
    op.create_index("ix_fulfilment_order_news_shop_id", "fulfilment_order_news", ["shop_id"])
    rls.protect_for_shop("fulfilment_order_news")
    empty = sa.text("'[]'")
    op.add_column("vendor_orders", sa.Column("holds", postgresql.JSONB(), server_default=empty, nullable=False))
    op.add_column("vendor_orders", sa.Column("holds_read_at", moment, nullable=True))
    held = sa.text("holds <> '[]'::jsonb")
    op.create_index("ix_vendor_orders_held", "vendor_orders", ["holds_read_at"], postgresql_where=held)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
