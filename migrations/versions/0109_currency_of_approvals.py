"""In which currency the prices of a rule for approval are: so far, the shop's of the day on which they were compared"""

from collections.abc import Sequence

from alembic import op

revision: str = "0109_currency_of_approvals"
down_revision: str | None = "0108_units_that_edits_added"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("""
        UPDATE approval_rules r SET conditions = r.conditions || jsonb_build_object('price_currency', s.currency)
        FROM shops s WHERE s.id = r.shop_id AND r.conditions ?| ARRAY['price_from', 'price_to']
    """)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
