"""Fee invoices are issued to one vendor after the other; a preview that cannot be computed is given up"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rls import protect_for_shop

revision: str = "0104_invoice_runs"
down_revision: str | None = "0103_archives_in_turn"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_STAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "invoice_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shops.id", ondelete="CASCADE"), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("vendors", postgresql.JSONB(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("issued", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", _STAMP, nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", _STAMP),
        sa.Column("finished_at", _STAMP),
        sa.Column("failed_at", _STAMP),
        sa.UniqueConstraint("shop_id", name="uq_invoice_runs_shop_id"),
    )
    protect_for_shop("invoice_runs")
    op.add_column("commission_previews", sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("commission_previews", sa.Column("failed_at", _STAMP))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
