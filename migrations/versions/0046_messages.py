"""Messages between vendors and customers about orders"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision: str = "0046_messages"
down_revision: str | None = "0045_cancellations"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("emails", sa.Column("reply_to", sa.Text(), nullable=True))
    _create_threads("order_threads")
    _create_messages("order_messages")
    _create_mails("received_mails")


def _create_threads(table: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("order_shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unread", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=f"fk_{table}_shop_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=f"fk_{table}_vendor_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["part_id"], ["vendor_orders.id"], name=f"fk_{table}_part_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("part_id", name=f"uq_{table}_part_id"),
        sa.UniqueConstraint("token", name=f"uq_{table}_token"),
    )
    op.create_index(f"ix_{table}_shop_id", table, ["shop_id"])
    op.create_index(f"ix_{table}_vendor_id", table, ["vendor_id"])
    rls.protect_for_vendor(table)


def _create_messages(table: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=f"fk_{table}_shop_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name=f"fk_{table}_vendor_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["thread_id"], ["order_threads.id"], name=f"fk_{table}_thread_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_shop_id", table, ["shop_id"])
    op.create_index(f"ix_{table}_thread_id_id", table, ["thread_id", "id"])
    rls.protect_for_vendor(table)


def _create_mails(table: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(40), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=f"fk_{table}_shop_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["thread_id"], ["order_threads.id"], name=f"fk_{table}_thread_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("shop_id", "provider_id", name=f"uq_{table}_shop_id_provider_id"),
    )
    op.create_index(f"ix_{table}_shop_id", table, ["shop_id"])
    op.create_index(f"ix_{table}_thread_id", table, ["thread_id"])
    rls.protect_for_shop(table)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
