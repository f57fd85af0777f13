"""Which of a product's pictures shows a variant, and which a vendor's file wants beside what is on sale"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0076_variant_pictures"
down_revision: str | None = "0075_vendors_own_rows"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("variants", sa.Column("image_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_variants_image_id_product_images", "variants", "product_images", ["image_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index("ix_variants_image_id", "variants", ["image_id"], postgresql_where=sa.text("image_id IS NOT NULL"))
    op.add_column("product_images", sa.Column("wanted", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
