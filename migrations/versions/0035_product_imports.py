"""Vendors' product files: what each would do, did, and undid"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0035_product_imports"
down_revision: str | None = "0034_selling"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    files, rows = "product_imports", "product_import_rows"
    op.create_table(
        files,
        *_owned(files),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("status", sa.String(40), server_default="planned", nullable=False),
        sa.Column("headings", postgresql.JSONB(), nullable=False),
        sa.Column("unread", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index(f"ix_{files}_shop_id", files, ["shop_id"])
    op.create_index(f"ix_{files}_vendor_id_id", files, ["vendor_id", "id"])
    underway = sa.text("status IN ('running', 'undoing')")
    op.create_index(f"ix_{files}_underway", files, ["touched_at"], postgresql_where=underway)
    op.create_table(
        rows,
        *_owned(rows),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("status", sa.String(40), server_default="waiting", nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("item", postgresql.JSONB(), nullable=False),
        sa.Column("mistakes", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("changes", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("added", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["import_id"], [f"{files}.id"], name=f"fk_{rows}_import_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=f"fk_{rows}_product_id", ondelete="SET NULL"),
    )
    op.create_index(f"ix_{rows}_shop_id", rows, ["shop_id"])
    op.create_index(f"ix_{rows}_import_id_position", rows, ["import_id", "position"])
    op.create_index(f"ix_{rows}_product_id", rows, ["product_id"])
    for table in (files, rows):
        rls.protect_for_vendor(table)


def _owned(table: str) -> list[sa.Column[int] | sa.Constraint]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=f"fk_{table}_shop_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=f"fk_{table}_vendor_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    ]


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
