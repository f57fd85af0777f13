"""A vendor's part of an order is found by Shopify's number of the order, which is all that vendors have of it"""

from collections.abc import Sequence

from migrations.indexes import create_index

revision: str = "0105_parts_by_orders_number"
down_revision: str | None = "0104_invoice_runs"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    create_index("ix_vendor_orders_vendor_id_order_shopify_id", "vendor_orders", ["vendor_id", "order_shopify_id"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
