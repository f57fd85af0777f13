"""What a product's category asks, answered"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0060_category_attributes"
down_revision: str | None = "0059_public_face"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("products", sa.Column("attributes", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("products", sa.Column("attributes_wanted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("products", sa.Column("attributes_told", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("products", sa.Column("attributes_error", sa.Text(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
