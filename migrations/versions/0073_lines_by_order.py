"""Lines and parts of an order by an index that names the shop as well, as every statement does"""

from collections.abc import Sequence

from alembic import op

revision: str = "0073_lines_by_order"
down_revision: str | None = "0072_vendors_by_name"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLES = ("order_lines", "vendor_orders")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in _TABLES:
        op.create_index(f"ix_{table}_shop_id_order_id", table, ["shop_id", "order_id"])
        op.drop_index(f"ix_{table}_shop_id", table)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
