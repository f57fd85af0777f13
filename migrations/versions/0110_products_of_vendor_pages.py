"""Which products a vendor's public page named when it was last seen, and which ones Shopify was told are new"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0110_products_of_vendor_pages"
down_revision: str | None = "0109_currency_of_approvals"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OURS = """
CREATE TRIGGER vendors_page_products BEFORE UPDATE OF page_products ON vendors FOR EACH ROW
WHEN (asking_vendor() IS NOT NULL AND NEW.page_products IS DISTINCT FROM OLD.page_products)
EXECUTE FUNCTION refuse_vendor()
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, name in (("vendors", "page_products"), ("shops", "newest_told")):
        kind = postgresql.JSONB()
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=sa.text("'[]'")))
    op.execute(_OURS)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
