"""How often a delivery was begun"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0058_deliveries_claimed"
down_revision: str | None = "0057_fulfilment_holds"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("event_deliveries", sa.Column("claims", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
