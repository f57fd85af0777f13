"""Notices keep an amount as a number, to be written as their reader writes it; older ones keep their words"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0102_amounts_of_notices"
down_revision: str | None = "0101_paper_archives"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("notices", sa.Column("amount_minor", sa.BigInteger()))
    op.add_column("notices", sa.Column("currency", sa.Text()))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
