"""How far each shop was compared with Shopify; what each stored webhook is about"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision: str = "0010_events"
down_revision: str | None = "0009_privacy"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("inbox_events", sa.Column("resource", sa.Text(), nullable=True))
    op.create_index(
        "ix_inbox_events_dead", "inbox_events", ["shop_id", "id"], postgresql_where=sa.text("state = 'dead'")
    )
    op.create_table(
        "looks",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("orders", "products", "vendor_pages", "deletions", name="lookkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("seen_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("missed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_looks_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "kind", name=op.f("pk_looks")),
    )
    rls.protect_for_shop("looks")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
