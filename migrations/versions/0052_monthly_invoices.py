"""Invoices by the month; what was issued cannot be changed, and goes with its whole shop only"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0052_monthly_invoices"
down_revision: str | None = "0051_disputes_told"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The parties are encrypted and must be writable: the keys change.
_FIXED = (
    "shop_id, vendor_id, sequence, number, kind, currency, net_minor, tax_minor, period_from, period_to, corrects,"
    " issued_at"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    off = sa.text("false")
    op.add_column("payout_settings", sa.Column("invoice_monthly", sa.Boolean(), server_default=off, nullable=False))
    op.add_column("payout_settings", sa.Column("invoiced_until", sa.Date(), nullable=True))
    op.execute("""
        CREATE FUNCTION refuse_change_of_invoices() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'what was issued never changes: issue a credit note instead';
        END $$
    """)
    for table, columns in (("fee_invoices", f" OF {_FIXED}"), ("fee_invoice_postings", "")):
        op.execute(
            f"CREATE TRIGGER issued BEFORE UPDATE{columns} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_invoices()"
        )
        op.execute(
            f"CREATE TRIGGER not_emptied BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_invoices()"
        )
        op.execute(
            f"CREATE TRIGGER kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_deletion_of_books()"
        )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
