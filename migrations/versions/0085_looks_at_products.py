"""Which products on sale are to be looked at in Shopify, and what their last news said"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0085_looks_at_products"
down_revision: str | None = "0084_words_of_vendor_pages"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("products", sa.Column("news_mark", sa.Text(), nullable=True))
    op.add_column("products", sa.Column("look_wanted_at", sa.DateTime(timezone=True), nullable=True))
    waiting = sa.text("look_wanted_at IS NOT NULL")
    op.create_index("ix_products_look_wanted_at", "products", ["look_wanted_at"], postgresql_where=waiting)
    # What variants of products on sale show was told before it was noted.
    op.execute(
        "UPDATE variants v SET picture_told = i.shopify_gid FROM product_images i, products p WHERE i.id = v.image_id"
        " AND p.id = v.product_id AND p.status = 'published' AND v.shopify_gid IS NOT NULL AND v.picture_told IS NULL"
    )
    op.execute(
        "CREATE TRIGGER vendors_looks BEFORE UPDATE OF news_mark, look_wanted_at ON products FOR EACH ROW"
        " WHEN (asking_vendor() IS NOT NULL AND (NEW.news_mark, NEW.look_wanted_at)"
        " IS DISTINCT FROM (OLD.news_mark, OLD.look_wanted_at)) EXECUTE FUNCTION refuse_vendor()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER vendors_looks ON products")
    for column in ("news_mark", "look_wanted_at"):
        op.drop_column("products", column)
