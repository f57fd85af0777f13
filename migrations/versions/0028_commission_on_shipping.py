"""A rule may take its rate of the shipping as well"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0028_commission_on_shipping"
down_revision: str | None = "0027_open_entries"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("commission_rules", sa.Column("with_shipping", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
