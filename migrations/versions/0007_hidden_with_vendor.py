"""Products that are hidden because their vendor is paused, and come back with them"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007_hidden_with_vendor"
down_revision: str | None = "0006_portal_look"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "products", sa.Column("hidden_with_vendor", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would lose data.")
