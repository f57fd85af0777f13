"""Addresses that do not answer are left alone for a minute"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023_quiet_hooks"
down_revision: str | None = "0022_primary_host"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("hooks", sa.Column("quiet_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
