"""The host name on which customers see a shop"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0022_primary_host"
down_revision: str | None = "0021_bulk_looks"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("shops", sa.Column("primary_host", sa.Text(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
