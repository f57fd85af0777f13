"""Units that are in somebody's cart"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision: str = "0049_reservations"
down_revision: str | None = "0048_journey"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "reservations",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("cart_key", sa.Text(), nullable=False),
        sa.Column("variant_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("product_number", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_reservations_shop_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendors.id"], name=op.f("fk_reservations_vendor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shop_id", "cart_key", "variant_number", name=op.f("pk_reservations")),
    )
    op.create_index("ix_reservations_shop_id_product_number", "reservations", ["shop_id", "product_number"])
    op.create_index("ix_reservations_shop_id_changed_at", "reservations", ["shop_id", "changed_at"])
    op.create_index("ix_reservations_vendor_id", "reservations", ["vendor_id"])
    op.create_index(
        "ix_reservations_expires_at",
        "reservations",
        ["expires_at"],
        postgresql_where=sa.text("state IN ('cart', 'checkout', 'payment')"),
    )
    rls.protect_readable_by_vendor("reservations")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
