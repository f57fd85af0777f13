"""Adjustments by hand; the ledger as a list that can be filtered however long it is"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision: str = "0018_adjustments"
down_revision: str | None = "0017_rails"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "adjustments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reversed_by", sa.Text(), nullable=True),
        sa.Column("reversal_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_adjustments_shop_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name="fk_adjustments_vendor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_adjustments"),
        sa.UniqueConstraint("shop_id", "form_key", name="uq_adjustments_shop_id_form_key"),
    )
    op.create_index("ix_adjustments_shop_id", "adjustments", ["shop_id"])
    op.create_index("ix_adjustments_vendor_id_id", "adjustments", ["vendor_id", "id"])
    rls.protect_readable_by_vendor("adjustments")
    table = "ledger_transactions"
    op.create_index("ix_ledger_transactions_shop_id_booked_at_id", table, ["shop_id", "booked_at", "id"])
    op.create_index("ix_ledger_transactions_shop_id_kind_booked_at_id", table, ["shop_id", "kind", "booked_at", "id"])
    op.create_index("ix_orders_shop_id_name", "orders", ["shop_id", "name"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
