"""Items that vendors cannot send, and how long vendors see a customer's name and address"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0045_cancellations"
down_revision: str | None = "0044_questions"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "shop_settings", sa.Column("vendors_may_cancel", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("shop_settings", sa.Column("buyer_days", sa.BigInteger(), server_default="30", nullable=False))
    op.add_column("vendor_orders", sa.Column("buyer_removed_at", sa.DateTime(timezone=True), nullable=True))
    table = "cancellations"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("order_shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("quantities", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refund_shopify_id", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=f"fk_{table}_shop_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=f"fk_{table}_vendor_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["part_id"], ["vendor_orders.id"], name=f"fk_{table}_part_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_shop_id", table, ["shop_id"])
    op.create_index(f"ix_{table}_shop_id_state", table, ["shop_id", "state"])
    op.create_index(f"ix_{table}_vendor_id_order_shopify_id", table, ["vendor_id", "order_shopify_id"])
    rls.protect_for_vendor(table)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
