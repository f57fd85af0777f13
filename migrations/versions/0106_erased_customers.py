"""Customers who were erased stay known to the sync: what a browser that was still signed in sent again goes"""

from collections.abc import Sequence

from alembic import op

revision: str = "0106_erased_customers"
down_revision: str | None = "0105_parts_by_orders_number"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A revision of 0 is ERASED in app/models/storefront.py.
MARK = """
INSERT INTO customer_syncs (shop_id, customer_id, revision)
SELECT DISTINCT shop_id, customer_id, 0 FROM privacy_requests
WHERE kind = 'customer_redact' AND state <> 'received' AND customer_id IS NOT NULL
ON CONFLICT (shop_id, customer_id) DO UPDATE SET revision = 0, synced_at = now()
"""
REMOVE = """
DELETE FROM customer_items USING customer_syncs AS head
WHERE (head.shop_id, head.customer_id) = (customer_items.shop_id, customer_items.customer_id) AND head.revision = 0
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(MARK)
    op.execute(REMOVE)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
