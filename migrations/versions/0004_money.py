"""Orders, commission rules, the ledger, payouts and parcels"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0004_money"
down_revision: str | None = "0003_catalogue"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APPEND_ONLY = """
CREATE FUNCTION refuse_change_of_books() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only: post a correction instead';
END $$;
CREATE FUNCTION check_posting_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM ledger_entries WHERE transaction_id = NEW.transaction_id
    GROUP BY currency HAVING sum(amount_minor) <> 0
  ) THEN
    RAISE EXCEPTION 'the entries of ledger transaction % do not sum to zero', NEW.transaction_id;
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON ledger_entries
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_posting_balances();
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "commission_rules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("conditions", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("rate_bps", sa.Numeric(precision=9, scale=2), nullable=False),
        sa.Column("flat", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("floor", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("cap", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("net_of_tax", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_commission_rules_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_rules")),
        sa.UniqueConstraint(
            "shop_id", "rule_number", "version", name=op.f("uq_commission_rules_shop_id_rule_number_version")
        ),
    )
    op.create_index(
        "ix_commission_rules_current",
        "commission_rules",
        ["shop_id", "position"],
        unique=False,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_index(op.f("ix_commission_rules_shop_id"), "commission_rules", ["shop_id"], unique=False)
    op.create_table(
        "money_settings",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("shipping_to", sa.Text(), server_default="vendor", nullable=False),
        sa.Column("shipping_share", sa.Text(), server_default="value", nullable=False),
        sa.Column("sales_tax_to", sa.Text(), server_default="marketplace", nullable=False),
        sa.Column("shipping_tax_to", sa.Text(), server_default="marketplace", nullable=False),
        sa.Column("keep_commission", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("refund_bearer", sa.Text(), server_default="spread", nullable=False),
        sa.Column("fee_tax_bps", sa.Numeric(precision=9, scale=2), server_default="0", nullable=False),
        sa.Column("discount_bearers", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("payer_name", sa.Text(), server_default="", nullable=False),
        sa.Column("payer_iban", sa.LargeBinary(), nullable=True),
        sa.Column("payer_last4", sa.Text(), server_default="", nullable=False),
        sa.Column("payer_bic", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_money_settings_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_money_settings")),
    )
    op.create_table(
        "order_refunds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("order_shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("refunded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(), nullable=False),
        sa.Column("keep_commission", sa.Boolean(), nullable=False),
        sa.Column("bearer", sa.Text(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_refunds_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_refunds")),
        sa.UniqueConstraint("shop_id", "shopify_id", name=op.f("uq_order_refunds_shop_id_shopify_id")),
    )
    op.create_index(op.f("ix_order_refunds_shop_id"), "order_refunds", ["shop_id"], unique=False)
    op.create_index(
        "ix_order_refunds_shop_id_order_shopify_id", "order_refunds", ["shop_id", "order_shopify_id"], unique=False
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(), nullable=False),
        sa.Column("snapshot_updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("financial_status", sa.Text(), server_default="", nullable=False),
        sa.Column("fulfillment_status", sa.Text(), server_default="", nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("test", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("customer_name", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_email", sa.Text(), nullable=True),
        sa.Column("flags", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("paid_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_orders_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("shop_id", "shopify_id", name=op.f("uq_orders_shop_id_shopify_id")),
    )
    op.create_index(op.f("ix_orders_shop_id"), "orders", ["shop_id"], unique=False)
    op.create_index("ix_orders_shop_id_ordered_at", "orders", ["shop_id", "ordered_at"], unique=False)
    op.create_table(
        "payout_batches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("file_made_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_payout_batches_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_batches")),
        sa.UniqueConstraint("shop_id", "number", name=op.f("uq_payout_batches_shop_id_number")),
    )
    op.create_index(op.f("ix_payout_batches_shop_id"), "payout_batches", ["shop_id"], unique=False)
    op.create_table(
        "fulfilments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=True),
        sa.Column("order_shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("shopify_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "requested", "created", "failed", "cancelled", name="fulfilmentstate", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("quantities", postgresql.JSONB(), nullable=False),
        sa.Column("carrier", sa.Text(), server_default="", nullable=False),
        sa.Column("tracking_number", sa.Text(), server_default="", nullable=False),
        sa.Column("tracking_url", sa.Text(), server_default="", nullable=False),
        sa.Column("shipment_status", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=True),
        sa.Column("fulfilled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shopify_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_fulfilments_shop_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_fulfilments_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilments")),
        sa.UniqueConstraint("shop_id", "shopify_id", name=op.f("uq_fulfilments_shop_id_shopify_id")),
    )
    op.create_index(op.f("ix_fulfilments_shop_id"), "fulfilments", ["shop_id"], unique=False)
    op.create_index(
        "ix_fulfilments_shop_id_order_shopify_id", "fulfilments", ["shop_id", "order_shopify_id"], unique=False
    )
    op.create_index(op.f("ix_fulfilments_vendor_id"), "fulfilments", ["vendor_id"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), server_default="", nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("rule", postgresql.JSONB(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("hold_days", sa.BigInteger(), nullable=False),
        sa.Column("tax_to", sa.Text(), nullable=False),
        sa.Column("fee_tax_bps", sa.Numeric(precision=9, scale=2), nullable=False),
        sa.Column("discount_bearers", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("current_quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("to_ship", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("vendor_discount_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("market_discount_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("included_tax_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("base_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fee_tax_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("vendor_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_lines_shop_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_order_lines_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("order_id", "shopify_id", name=op.f("uq_order_lines_order_id_shopify_id")),
    )
    op.create_index(op.f("ix_order_lines_shop_id"), "order_lines", ["shop_id"], unique=False)
    op.create_index(op.f("ix_order_lines_vendor_id"), "order_lines", ["vendor_id"], unique=False)
    op.create_table(
        "payouts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "on_hold",
                "approved",
                "sending",
                "sent",
                "settled",
                "failed",
                "cancelled",
                name="payoutstate",
                native_enum=False,
                length=40,
            ),
            server_default="pending",
            nullable=False,
        ),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("iban", sa.LargeBinary(), nullable=False),
        sa.Column("holder", sa.LargeBinary(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["payout_batches.id"], name=op.f("fk_payouts_batch_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_payouts_shop_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_payouts_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("batch_id", "vendor_id", name=op.f("uq_payouts_batch_id_vendor_id")),
        sa.UniqueConstraint("shop_id", "reference", name=op.f("uq_payouts_shop_id_reference")),
    )
    op.create_index(op.f("ix_payouts_batch_id"), "payouts", ["batch_id"], unique=False)
    op.create_index(op.f("ix_payouts_shop_id"), "payouts", ["shop_id"], unique=False)
    op.create_index("ix_payouts_vendor_id_created_at", "payouts", ["vendor_id", "created_at"], unique=False)
    op.create_table(
        "vendor_orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("order_shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "unpaid",
                "to_ship",
                "partly_shipped",
                "shipped",
                "cancelled",
                name="vendororderstatus",
                native_enum=False,
                length=40,
            ),
            server_default="unpaid",
            nullable=False,
        ),
        sa.Column("is_test", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_checked", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("customer_name", sa.Text(), server_default="", nullable=False),
        sa.Column("ship_to", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("items_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("items_to_ship", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("earned_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_release_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_vendor_orders_order_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_vendor_orders_shop_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_vendor_orders_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_orders")),
        sa.UniqueConstraint("order_id", "vendor_id", name=op.f("uq_vendor_orders_order_id_vendor_id")),
    )
    op.create_index(
        "ix_vendor_orders_next_release_at",
        "vendor_orders",
        ["next_release_at"],
        unique=False,
        postgresql_where=sa.text("next_release_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_vendor_orders_shop_id"), "vendor_orders", ["shop_id"], unique=False)
    op.create_index(
        "ix_vendor_orders_vendor_id_status_ordered_at",
        "vendor_orders",
        ["vendor_id", "status", "ordered_at"],
        unique=False,
    )
    op.create_table(
        "ledger_transactions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), server_default="", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_ledger_transactions_order_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_ledger_transactions_payout_id")),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_ledger_transactions_shop_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_ledger_transactions_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transactions")),
        sa.UniqueConstraint("shop_id", "source_key", name=op.f("uq_ledger_transactions_shop_id_source_key")),
    )
    op.create_index(op.f("ix_ledger_transactions_order_id"), "ledger_transactions", ["order_id"], unique=False)
    op.create_index(op.f("ix_ledger_transactions_payout_id"), "ledger_transactions", ["payout_id"], unique=False)
    op.create_index(op.f("ix_ledger_transactions_shop_id"), "ledger_transactions", ["shop_id"], unique=False)
    op.create_index(
        "ix_ledger_transactions_vendor_id_booked_at", "ledger_transactions", ["vendor_id", "booked_at"], unique=False
    )
    op.create_table(
        "payout_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "on_hold",
                "approved",
                "sending",
                "sent",
                "settled",
                "failed",
                "cancelled",
                name="payoutstate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_payout_moves_payout_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_payout_moves_shop_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_payout_moves_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_moves")),
    )
    op.create_index(op.f("ix_payout_moves_payout_id"), "payout_moves", ["payout_id"], unique=False)
    op.create_index(op.f("ix_payout_moves_shop_id"), "payout_moves", ["shop_id"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=True),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_ledger_entries_shop_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger_transactions.id"], name=op.f("fk_ledger_entries_transaction_id")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_ledger_entries_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
    )
    op.create_index(op.f("ix_ledger_entries_shop_id"), "ledger_entries", ["shop_id"], unique=False)
    op.create_index(
        "ix_ledger_entries_shop_id_account_vendor_id",
        "ledger_entries",
        ["shop_id", "account", "vendor_id"],
        unique=False,
    )
    op.create_index(op.f("ix_ledger_entries_transaction_id"), "ledger_entries", ["transaction_id"], unique=False)
    op.create_index(op.f("ix_ledger_entries_vendor_id"), "ledger_entries", ["vendor_id"], unique=False)
    op.create_table(
        "payout_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entries.id"], name=op.f("fk_payout_entries_entry_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_payout_entries_payout_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_payout_entries_shop_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=op.f("fk_payout_entries_vendor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_entries")),
    )
    op.create_index(op.f("ix_payout_entries_payout_id"), "payout_entries", ["payout_id"], unique=False)
    op.create_index(op.f("ix_payout_entries_shop_id"), "payout_entries", ["shop_id"], unique=False)
    op.create_index(
        "uq_payout_entries_entry_id",
        "payout_entries",
        ["entry_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    _protect()
    _close_the_books()


def _protect() -> None:
    for table in ("commission_rules", "money_settings", "orders", "order_refunds", "payout_batches"):
        rls.protect_for_shop(table)
    for table in ("order_lines", "vendor_orders", "payouts", "payout_moves", "payout_entries"):
        rls.protect_readable_by_vendor(table)
    rls.protect_for_vendor("fulfilments")
    for table in ("ledger_transactions", "ledger_entries"):
        rls.protect_readable_by_vendor(table, grants=("SELECT", "INSERT"))


def _close_the_books() -> None:
    """Not even the owner of the tables changes what is booked, and no posting is committed off balance."""
    op.execute(APPEND_ONLY)
    for table in ("ledger_transactions", "ledger_entries"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_books()"
        )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
