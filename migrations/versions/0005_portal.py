"""Vendors' pictures"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision: str = "0005_portal"
down_revision: str | None = "0004_money"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "vendor_pictures",
        sa.Column("vendor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_gid", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendors.id"], name=op.f("fk_vendor_pictures_vendor_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_vendor_pictures_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("vendor_id", name=op.f("pk_vendor_pictures")),
    )
    op.create_index(op.f("ix_vendor_pictures_shop_id"), "vendor_pictures", ["shop_id"], unique=False)
    rls.protect_for_vendor("vendor_pictures")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
