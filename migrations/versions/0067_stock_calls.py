"""What Shopify is being told of stock, until the answer was read"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0067_stock_calls"
down_revision: str | None = "0066_ids_ahead"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "stock_calls",
        sa.Column("product_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("wishes", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("has_news", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name="fk_stock_calls_product_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_stock_calls_shop_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name="fk_stock_calls_vendor_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("product_id", name="pk_stock_calls"),
    )
    op.create_index("ix_stock_calls_shop_id", "stock_calls", ["shop_id"])
    op.create_index("ix_stock_calls_vendor_id", "stock_calls", ["vendor_id"])
    rls.protect_readable_by_vendor("stock_calls")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
