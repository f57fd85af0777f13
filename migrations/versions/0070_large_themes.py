"""Themes that cannot be read as a whole say so, and are looked at once a day like others"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0070_large_themes"
down_revision: str | None = "0069_vendors_own_words"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("theme_looks", sa.Column("is_too_large", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
