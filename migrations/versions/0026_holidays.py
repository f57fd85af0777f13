"""Vendors' holidays"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0026_holidays"
down_revision: str | None = "0025_books_by_the_batch"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("vendors", sa.Column("away_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("vendors", sa.Column("away_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("vendors", sa.Column("away_hides", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("vendors", sa.Column("away_note", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
