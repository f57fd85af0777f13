"""Disputes on the vendors' parts of orders, and which of their states were told"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0051_disputes_told"
down_revision: str | None = "0050_persons_at_the_door"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    empty = sa.text("'[]'")
    op.add_column("vendor_orders", sa.Column("disputes", postgresql.JSONB(), server_default=empty, nullable=False))
    op.add_column("order_disputes", sa.Column("told_state", sa.Text(), nullable=True))
    # Nobody wants an e-mail about what ended long ago.
    op.execute("UPDATE order_disputes SET told_state = state")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
