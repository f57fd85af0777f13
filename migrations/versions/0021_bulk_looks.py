"""The list that a comparison ordered from Shopify, and how far it was read"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021_bulk_looks"
down_revision: str | None = "0020_hooks"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("looks", sa.Column("bulk_gid", sa.Text(), nullable=True))
    op.add_column("looks", sa.Column("bulk_read", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
