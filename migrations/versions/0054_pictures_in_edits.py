"""Pictures that an edit of a product on sale would add"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0054_pictures_in_edits"
down_revision: str | None = "0053_returns"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("product_images", sa.Column("live", sa.Boolean(), server_default="true", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
