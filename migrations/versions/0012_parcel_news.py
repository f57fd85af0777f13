"""What was told of each parcel: that it is on its way, that it arrived"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012_parcel_news"
down_revision: str | None = "0011_inbox_by_time"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("fulfilments", sa.Column("shipped_seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("fulfilments", sa.Column("delivered_seen_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
