"""Which vendor name Shopify shows with each product, so that a new name reaches the products too"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008_vendor_told"
down_revision: str | None = "0007_hidden_with_vendor"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("products", sa.Column("vendor_told", sa.Text(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would lose data.")
