"""Many statements or fee invoices in one file, printed a few at a time by a job"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rls import protect_for_shop

revision: str = "0101_paper_archives"
down_revision: str | None = "0100_postings_indexed_once"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_STAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "paper_archives",
        *_keys(),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("papers", postgresql.JSONB(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", _STAMP, nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", _STAMP),
        sa.Column("finished_at", _STAMP),
        sa.Column("failed_at", _STAMP),
        sa.UniqueConstraint("shop_id", "digest", name="uq_paper_archives_shop_id_digest"),
    )
    archive = sa.ForeignKey("paper_archives.id", ondelete="CASCADE")
    op.create_table(
        "paper_files",
        *_keys(),
        sa.Column("archive_id", sa.BigInteger(), archive, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("archive_id", "name", name="uq_paper_files_archive_id_name"),
    )
    for table in ("paper_archives", "paper_files"):
        op.create_index(f"ix_{table}_shop_id", table, ["shop_id"])
        protect_for_shop(table)


def _keys() -> tuple[sa.Column[int], sa.Column[int]]:
    shop = sa.ForeignKey("shops.id", ondelete="CASCADE")
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), shop, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
