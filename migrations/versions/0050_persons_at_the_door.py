"""Whose the connected customer account is; tries that are counted while Redis is away"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0050_persons_at_the_door"
down_revision: str | None = "0049_reservations"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The log says who connected it. Of whom it does not, they connect it again.
_WHOSE = """
UPDATE vendors SET customer_user_id = u.id FROM vendor_users u
WHERE u.vendor_id = vendors.id AND vendors.shopify_customer_id IS NOT NULL AND 'vendor_user:' || u.id = (
    SELECT a.actor FROM audit_entries a
    WHERE a.shop_id = vendors.shop_id AND a.subject_type = 'vendor' AND a.subject_id = vendors.id
      AND a.action = 'vendor.connect_customer'
    ORDER BY a.id DESC LIMIT 1)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("vendors", sa.Column("customer_user_id", sa.BigInteger(), nullable=True))
    op.execute(_WHOSE)
    op.execute("UPDATE vendors SET shopify_customer_id = NULL WHERE customer_user_id IS NULL")
    op.create_table(
        "tries",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON tries TO stallkeeper_system")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
