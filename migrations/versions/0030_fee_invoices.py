"""Fee invoices and credit notes, and which posting each charges"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0030_fee_invoices"
down_revision: str | None = "0029_claims"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHO = {"name": "", "address": "", "country": "", "tax_id": "", "prefix": "F", "note": ""}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, default in _WHO.items():
        op.add_column(
            "payout_settings", sa.Column(f"invoice_{name}", sa.Text(), server_default=default, nullable=False)
        )
    op.create_table(
        "fee_invoices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        _to("shop_id", "shops.id", ondelete="CASCADE", index=True),
        _to("vendor_id", "vendors.id"),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("number", "kind", "currency")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("net_minor", "tax_minor")),
        *(sa.Column(name, sa.Date(), nullable=False) for name in ("period_from", "period_to")),
        sa.Column("parties", sa.LargeBinary(), nullable=False),
        sa.Column("corrects", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("shop_id", "sequence"),
    )
    op.create_index("ix_fee_invoices_vendor_id_issued_at", "fee_invoices", ["vendor_id", "issued_at"])
    op.create_table(
        "fee_invoice_postings",
        sa.Column("transaction_id", sa.BigInteger(), sa.ForeignKey("ledger_transactions.id"), primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        _to("invoice_id", "fee_invoices.id", index=True),
    )
    for table in ("fee_invoices", "fee_invoice_postings"):
        rls.protect_readable_by_vendor(table)


def _to(name: str, target: str, *, ondelete: str | None = None, index: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), sa.ForeignKey(target, ondelete=ondelete), index=index, nullable=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
