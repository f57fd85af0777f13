"""Vendors' orders as far as the door: sent, arrived, came back; and many parcels sent at once"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0034_selling"
down_revision: str | None = "0033_claims_of_events"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# What the next news of each order would say of it.
_FILL_SENT = """
UPDATE vendor_orders part
SET shipped_at = sent.at, delivered_at = CASE WHEN sent.all_arrived THEN sent.arrived_at END
FROM (
  SELECT shop_id, vendor_id, order_shopify_id, max(fulfilled_at) AS at, max(delivered_seen_at) AS arrived_at,
         bool_and(delivered_seen_at IS NOT NULL AND shipment_status = 'delivered') AS all_arrived
  FROM fulfilments WHERE state = 'created' GROUP BY 1, 2, 3
) sent
WHERE part.status = 'shipped' AND sent.shop_id = part.shop_id AND sent.vendor_id = part.vendor_id
  AND sent.order_shopify_id = part.order_shopify_id
"""
_FILL_RETURNED = """
UPDATE vendor_orders part SET items_returned = back.units
FROM (
  SELECT line.order_id, line.vendor_id, sum((item ->> 'quantity')::bigint) AS units
  FROM order_refunds refund
  CROSS JOIN LATERAL jsonb_array_elements(refund.snapshot -> 'refund_line_items') item
  JOIN orders ON orders.shop_id = refund.shop_id AND orders.shopify_id = refund.order_shopify_id
  JOIN order_lines line ON line.order_id = orders.id AND line.shopify_id = (item ->> 'line_item_id')::bigint
  WHERE item ->> 'restock_type' = 'return' AND line.vendor_id IS NOT NULL
  GROUP BY 1, 2
) back
WHERE part.order_id = back.order_id AND part.vendor_id = back.vendor_id
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("vendor_orders", sa.Column("items_returned", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("vendor_orders", sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("vendor_orders", sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(_FILL_SENT)
    op.execute(_FILL_RETURNED)
    table = "shipment_batches"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("rows", postgresql.JSONB(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=f"fk_{table}_shop_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=f"fk_{table}_vendor_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("vendor_id", "key", name=f"uq_{table}_vendor_id_key"),
    )
    op.create_index(f"ix_{table}_shop_id", table, ["shop_id"])
    rls.protect_for_vendor(table)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
