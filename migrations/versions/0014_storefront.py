"""What customers keep: lists, the saved cart, history, preferences; each customer reaches their own rows alone"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0014_storefront"
down_revision: str | None = "0013_books"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    rls.create_customer_role()
    op.create_table(
        "customer_syncs",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_customer_syncs_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "customer_id", name=op.f("pk_customer_syncs")),
    )
    op.create_table(
        "customer_items",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("clock", sa.Text(collation="C"), nullable=False),
        sa.Column("value", postgresql.JSONB(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_customer_items_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "customer_id", "kind", "key", name=op.f("pk_customer_items")),
        postgresql_with={"fillfactor": "80"},
    )
    for table in ("customer_syncs", "customer_items"):
        rls.protect_for_customer(table)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
