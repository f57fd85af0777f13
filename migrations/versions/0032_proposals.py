"""Edits to products on sale: proposed, decided field by field, then written to Shopify"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0032_proposals"
down_revision: str | None = "0031_email_wordings"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("variants", sa.Column("reviewed_price_minor", sa.BigInteger(), nullable=True))
    op.add_column("shop_settings", sa.Column("price_band_bps", sa.BigInteger(), server_default="0", nullable=False))
    table = "product_proposals"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(40), server_default="waiting", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.Column("taken", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("sync_error", sa.Text(), nullable=True),
        sa.Column("sent_by", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=f"fk_{table}_shop_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=f"fk_{table}_vendor_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=f"fk_{table}_product_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_shop_id", table, ["shop_id"])
    op.create_index(f"ix_{table}_shop_id_status_sent_at", table, ["shop_id", "status", "sent_at"])
    op.create_index(f"ix_{table}_product_id_id", table, ["product_id", "id"])
    for name, states in (("open", "status IN ('waiting', 'changes_requested')"), ("accepted", "status = 'accepted'")):
        op.create_index(f"uq_{table}_{name}", table, ["product_id"], unique=True, postgresql_where=sa.text(states))
    rls.protect_for_vendor(table)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
