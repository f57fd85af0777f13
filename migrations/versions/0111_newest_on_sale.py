"""What a vendor, and a shop, put on sale last is read in its order, without all that they sell"""

from collections.abc import Sequence

import sqlalchemy as sa

from migrations.indexes import create_index

revision: str = "0111_newest_on_sale"
down_revision: str | None = "0110_products_of_vendor_pages"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ON_SALE = "status = 'published' AND taken_down_at IS NULL AND shopify_status = 'ACTIVE' AND shopify_gid IS NOT NULL"


def upgrade() -> None:
    for whose in ("vendor_id", "shop_id"):
        create_index(
            f"ix_products_{whose}_newest_on_sale",
            "products",
            [whose, sa.text("published_at DESC NULLS LAST"), sa.text("id DESC")],
            postgresql_include=["shopify_gid"],
            postgresql_where=sa.text(_ON_SALE),
        )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
