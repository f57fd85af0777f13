"""Where a picture lies that a file names by its address"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0071_pictures_by_address"
down_revision: str | None = "0070_large_themes"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("product_images", sa.Column("fetched_from", sa.Text(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
