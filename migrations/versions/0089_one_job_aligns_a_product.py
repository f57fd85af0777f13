"""Since when a job tells Shopify to show or hide a product: one at a time does"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0089_one_job_aligns_a_product"
down_revision: str | None = "0088_parcels_that_came_back"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("products", sa.Column("aligning_since", sa.DateTime(timezone=True)))
    op.execute(
        "CREATE TRIGGER vendors_own_rows_aligning BEFORE UPDATE OF aligning_since ON products FOR EACH ROW WHEN"
        " (asking_vendor() IS NOT NULL AND NEW.aligning_since IS DISTINCT FROM OLD.aligning_since)"
        " EXECUTE FUNCTION refuse_vendor()"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
