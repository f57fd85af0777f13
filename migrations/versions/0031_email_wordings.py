"""Merchants choose the words of e-mails, and see which arrived"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0031_email_wordings"
down_revision: str | None = "0030_fee_invoices"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("emails", sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "email_wordings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("words", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_email_wordings_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_wordings")),
    )
    op.create_index("ix_email_wordings_shop_id_kind_id", "email_wordings", ["shop_id", "kind", "id"])
    # What a vendor does sends e-mails, too: their request reads the words and may not write any.
    rls.protect_shared("email_wordings", ("SELECT", "INSERT", "DELETE"))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
