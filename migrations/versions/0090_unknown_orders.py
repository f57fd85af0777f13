"""Since when Shopify does not have an order that is in the books"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0090_unknown_orders"
down_revision: str | None = "0089_one_job_aligns_a_product"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("orders", sa.Column("unknown_since", sa.DateTime(timezone=True)))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
