"""What edits added to an order, and when, and how each vendor's part of the shipping is reckoned"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0108_units_that_edits_added"
down_revision: str | None = "0107_own_carts"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, name, empty in (("orders", "additions", "{}"), ("vendor_orders", "shipping", "[]")):
        kind = postgresql.JSONB()
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=sa.text(f"'{empty}'")))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
