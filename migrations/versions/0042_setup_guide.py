"""The set-up guide may be hidden"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0042_setup_guide"
down_revision: str | None = "0041_notices"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("shop_settings", sa.Column("setup_hidden_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
