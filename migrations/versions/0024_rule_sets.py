"""What rules may ask about: vendor groups, collections, and what each line was sold as; previews of a changed list"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0024_rule_sets"
down_revision: str | None = "0023_quiet_hooks"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NOW = sa.text("now()")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "order_lines", sa.Column("sold_as", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False)
    )
    _groups()
    _collections()
    _previews()


def _groups() -> None:
    op.create_table(
        "vendor_groups",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        _of_shop("vendor_groups"),
        sa.PrimaryKeyConstraint("id", name="pk_vendor_groups"),
    )
    op.create_index("ix_vendor_groups_shop_id", "vendor_groups", ["shop_id"])
    op.create_index("uq_vendor_groups_shop_id_name", "vendor_groups", ["shop_id", sa.text("lower(name)")], unique=True)
    op.create_table(
        "vendor_group_members",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        _of_shop("vendor_group_members"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["vendor_groups.id"], name="fk_vendor_group_members_group_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendors.id"], name="fk_vendor_group_members_vendor_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "vendor_id", name="pk_vendor_group_members"),
    )
    op.create_index("ix_vendor_group_members_shop_id", "vendor_group_members", ["shop_id"])
    op.create_index("ix_vendor_group_members_vendor_id", "vendor_group_members", ["vendor_id"])
    rls.protect_for_shop("vendor_groups")
    rls.protect_for_shop("vendor_group_members")


def _collections() -> None:
    op.create_table(
        "watched_collections",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("gid", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        _of_shop("watched_collections"),
        sa.PrimaryKeyConstraint("shop_id", "gid", name="pk_watched_collections"),
    )
    op.create_table(
        "collection_products",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("product_gid", sa.Text(), nullable=False),
        sa.Column("collection_gid", sa.Text(), nullable=False),
        _of_shop("collection_products"),
        sa.PrimaryKeyConstraint("shop_id", "product_gid", "collection_gid", name="pk_collection_products"),
    )
    rls.protect_for_shop("watched_collections")
    rls.protect_for_shop("collection_products")


def _previews() -> None:
    counts = ("cursor", "done", "total", "unknown")
    op.create_table(
        "commission_previews",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in counts),
        sa.Column("sums", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        _of_shop("commission_previews"),
        sa.PrimaryKeyConstraint("id", name="pk_commission_previews"),
    )
    op.create_index("ix_commission_previews_shop_id", "commission_previews", ["shop_id"])
    rls.protect_for_shop("commission_previews")


def _of_shop(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=f"fk_{table}_shop_id", ondelete="CASCADE")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
