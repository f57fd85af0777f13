"""Privacy requests and exports; a shop that has left can be erased, books and all"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0009_privacy"
down_revision: str | None = "0008_vendor_told"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ONLY_WITH_THE_SHOP = """
CREATE FUNCTION refuse_deletion_of_books() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM shops WHERE id = OLD.shop_id AND status = 'uninstalled') THEN
    RAISE EXCEPTION 'the ledger is append-only: it goes with its whole shop, after the shop has left';
  END IF;
  RETURN OLD;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("shops", sa.Column("has_redactions", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "privacy_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("data_request", "customer_redact", "shop_redact", name="privacykind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("order_ids", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("received", "checking", "done", "kept", name="privacystate", native_enum=False, length=40),
            server_default="received",
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_privacy_requests_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_requests")),
        sa.UniqueConstraint("shop_id", "kind", "event_id", name=op.f("uq_privacy_requests_shop_id_kind_event_id")),
    )
    op.create_index(op.f("ix_privacy_requests_shop_id"), "privacy_requests", ["shop_id"], unique=False)
    op.create_index(
        "ix_privacy_requests_waiting",
        "privacy_requests",
        ["next_step_at"],
        unique=False,
        postgresql_where=sa.text("next_step_at IS NOT NULL"),
    )
    op.create_table(
        "privacy_exports",
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["privacy_requests.id"], name=op.f("fk_privacy_exports_request_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_privacy_exports_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_privacy_exports")),
    )
    op.create_index(op.f("ix_privacy_exports_shop_id"), "privacy_exports", ["shop_id"], unique=False)
    # Erasing a shop's entries looks here for each of them.
    op.create_index(op.f("ix_payout_entries_entry_id"), "payout_entries", ["entry_id"], unique=False)
    for table in ("privacy_requests", "privacy_exports"):
        rls.protect_for_shop(table)
    _let_shops_go()


def _let_shops_go() -> None:
    """Requests still cannot touch the books or the audit trail; the system role can, for a shop that has left."""
    op.execute(ONLY_WITH_THE_SHOP)
    for table in ("ledger_transactions", "ledger_entries"):
        op.execute(f"DROP TRIGGER append_only ON {table}")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_books()"
        )
        op.execute(
            f"CREATE TRIGGER kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_deletion_of_books()"
        )
        op.execute(f"GRANT DELETE ON {table} TO stallkeeper_system")
    op.execute("GRANT DELETE, UPDATE (reason, changes) ON audit_entries TO stallkeeper_system")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
