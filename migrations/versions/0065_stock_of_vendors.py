"""Find what lies of a vendor's without reading everybody's"""

from collections.abc import Sequence

from alembic import op

revision: str = "0065_stock_of_vendors"
down_revision: str | None = "0064_stock_by_location"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_stock_levels_vendor_id", "stock_levels", ["vendor_id"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
