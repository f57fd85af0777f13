"""Stock by location"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision: str = "0064_stock_by_location"
down_revision: str | None = "0063_lighter_booking"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("variants", sa.Column("stock_before", sa.BigInteger(), nullable=True))
    op.create_table(
        "locations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("shopify_gid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("for_vendors", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_locations_shop_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_locations"),
        sa.UniqueConstraint("shop_id", "shopify_gid", name="uq_locations_shop_id_shopify_gid"),
    )
    op.create_table(
        "stock_levels",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stock_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stock_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stock_before", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_stock_levels_shop_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name="fk_stock_levels_vendor_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name="fk_stock_levels_variant_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name="fk_stock_levels_location_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stock_levels"),
        sa.UniqueConstraint("variant_id", "location_id", name="uq_stock_levels_variant_id_location_id"),
    )
    op.create_index("ix_locations_shop_id", "locations", ["shop_id"])
    op.create_index("ix_stock_levels_shop_id", "stock_levels", ["shop_id"])
    op.create_index("ix_stock_levels_location_id", "stock_levels", ["location_id"])
    op.create_index(
        "ix_stock_levels_stock_requested_at",
        "stock_levels",
        ["stock_requested_at"],
        postgresql_where=sa.text("stock_requested_at IS NOT NULL"),
    )
    rls.protect_shared("locations")
    rls.protect_for_vendor("stock_levels")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
