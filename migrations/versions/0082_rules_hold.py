"""A commission rule may say for how many days the vendor's money waits"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0082_rules_hold"
down_revision: str | None = "0081_pickups"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("commission_rules", sa.Column("hold_days", sa.Integer(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
