"""Whose a cart is: asked for the carts that hold a product"""

from collections.abc import Sequence

import sqlalchemy as sa

from migrations.indexes import create_index

revision: str = "0107_own_carts"
down_revision: str | None = "0106_erased_customers"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    own = sa.text("kind = 'own_cart'")
    create_index("ix_customer_items_own_cart", "customer_items", ["shop_id", "key"], postgresql_where=own)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
