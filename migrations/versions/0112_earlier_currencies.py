"""In which currencies a shop sold before, and whose products still have prices of one of these"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0112_earlier_currencies"
down_revision: str | None = "0111_newest_on_sale"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    kind = postgresql.JSONB()
    op.add_column("shops", sa.Column("earlier_currencies", kind, nullable=False, server_default=sa.text("'[]'")))
    op.add_column("shops", sa.Column("prices_due_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("""
        UPDATE shops s SET earlier_currencies = found.changes FROM (
          SELECT shop_id, jsonb_agg(jsonb_build_array(changes->'currency'->>0, at) ORDER BY id) AS changes
          FROM audit_entries WHERE action = 'shop.currency' GROUP BY shop_id
        ) found WHERE s.id = found.shop_id
    """)
    op.execute("""
        UPDATE shops s SET prices_due_at = now()
        WHERE EXISTS (SELECT FROM variants v WHERE v.shop_id = s.id AND v.currency <> s.currency)
    """)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
