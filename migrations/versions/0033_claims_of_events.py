"""How often an event was claimed without an end"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0033_claims_of_events"
down_revision: str | None = "0032_proposals"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("inbox_events", sa.Column("claims", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
