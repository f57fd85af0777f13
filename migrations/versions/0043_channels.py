"""In which sales channels vendors' products are sold"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0043_channels"
down_revision: str | None = "0042_setup_guide"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    nothing = sa.text("'[]'")
    op.add_column("shops", sa.Column("channel_gids", postgresql.JSONB(), server_default=nothing, nullable=False))
    op.add_column("shops", sa.Column("channels_left", postgresql.JSONB(), server_default=nothing, nullable=False))
    op.add_column("shops", sa.Column("channels_version", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("products", sa.Column("channels_version", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
