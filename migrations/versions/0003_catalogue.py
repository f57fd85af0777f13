"""Catalogue: what Shopify says of a product, its name there, stock on its way, pictures that failed"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003_catalogue"
down_revision: str | None = "0001_foundation"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("products", sa.Column("shopify_status", sa.Text(), nullable=True))
    op.add_column(
        "products",
        sa.Column("listing_key", sa.Text(), server_default=sa.text("gen_random_uuid()::text"), nullable=False),
    )
    op.add_column("variants", sa.Column("stock_requested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("product_images", sa.Column("error", sa.Text(), nullable=True))
    op.create_index("uq_products_shop_id_listing_key", "products", ["shop_id", "listing_key"], unique=True)
    op.create_index(
        "ix_variants_stock_requested_at",
        "variants",
        ["stock_requested_at"],
        postgresql_where=sa.text("stock_requested_at IS NOT NULL"),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would lose data.")
