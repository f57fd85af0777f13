"""A vendor's token may count stock and send parcels, too: what the vendor does in the portal"""

from collections.abc import Sequence

from alembic import op

revision: str = "0077_warehouse_scopes"
down_revision: str | None = "0076_variant_pictures"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SCOPES = (
    '["vendors:read", "products:read", "stock:write", "orders:read", "parcels:read", "parcels:write",'
    ' "ledger:read", "payouts:read"]'
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "ALTER POLICY adding ON api_tokens WITH CHECK (shop_id = (SELECT asking_shop())"
        " AND ((SELECT asking_vendor()) IS NULL"
        f" OR (vendor_id = (SELECT asking_vendor()) AND scopes <@ '{_SCOPES}'::jsonb)))"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
