"""What published themes have of our blocks"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0062_themes"
down_revision: str | None = "0061_asked_of_applicants"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    moment, empty = sa.DateTime(timezone=True), sa.text("'[]'")
    op.create_table(
        "theme_looks",
        sa.Column("shop_id", sa.BigInteger(), sa.ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("theme_gid", sa.Text(), nullable=True),
        sa.Column("theme_name", sa.Text(), server_default="", nullable=False),
        sa.Column("blocks", postgresql.JSONB(), server_default=empty, nullable=False),
        sa.Column("lost", postgresql.JSONB(), server_default=empty, nullable=False),
        sa.Column("asked_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("read_at", moment, nullable=True),
    )
    rls.protect_for_shop("theme_looks")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
