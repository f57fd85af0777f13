"""Proofs of the books, the differences they find, and whose payouts wait because of one"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import rls

revision: str = "0013_books"
down_revision: str | None = "0012_parcel_news"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COUNTS = ("orders", "orders_total", "shopify_orders", "transactions", "payouts", "found", "cleared", "open")
_UNFINISHED = sa.text("finished_at IS NULL")
_OPEN = sa.text("cleared_at IS NULL")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    steps = sa.Enum("ledger", "shopify", "payouts", "done", name="proofstep", native_enum=False, length=40)
    op.create_table(
        "proofs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        _moment("asked_at", nullable=False, server_default=sa.text("now()")),
        _moment("lease_until"),
        sa.Column("step", steps, server_default="ledger", nullable=False),
        sa.Column("cursor", sa.Text(), server_default="", nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in _COUNTS),
        sa.Column("error", sa.Text(), nullable=True),
        _moment("finished_at"),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_proofs_shop_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_proofs"),
    )
    op.create_index("ix_proofs_shop_id", "proofs", ["shop_id"])
    op.create_index("ix_proofs_unfinished", "proofs", ["id"], postgresql_where=_UNFINISHED)
    op.create_index("uq_proofs_shop_id_unfinished", "proofs", ["shop_id"], unique=True, postgresql_where=_UNFINISHED)
    rls.protect_for_shop("proofs")
    _differences()
    _stops()


def _differences() -> None:
    op.create_table(
        "book_differences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("key", "words", "cause")),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("order_number", sa.BigInteger(), nullable=True),
        sa.Column("order_name", sa.Text(), server_default="", nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        _moment("found_at", nullable=False),
        _moment("seen_at", nullable=False),
        _moment("reread_at"),
        _moment("cleared_at"),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_book_differences_shop_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_book_differences_order_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payouts.id"], name="fk_book_differences_payout_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_book_differences"),
    )
    op.create_index("ix_book_differences_shop_id", "book_differences", ["shop_id"])
    op.create_index("ix_book_differences_shop_id_cleared_at", "book_differences", ["shop_id", "cleared_at"])
    op.create_index(
        "uq_book_differences_open", "book_differences", ["shop_id", "key"], unique=True, postgresql_where=_OPEN
    )
    rls.protect_for_shop("book_differences")


def _stops() -> None:
    op.create_table(
        "payout_stops",
        sa.Column("difference_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        _moment("since", nullable=False),
        sa.ForeignKeyConstraint(
            ["difference_id"], ["book_differences.id"], name="fk_payout_stops_difference_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"], name="fk_payout_stops_vendor_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_payout_stops_shop_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("difference_id", "vendor_id", name="pk_payout_stops"),
    )
    op.create_index("ix_payout_stops_vendor_id", "payout_stops", ["vendor_id"])
    op.create_index("ix_payout_stops_shop_id", "payout_stops", ["shop_id"])
    rls.protect_readable_by_vendor("payout_stops")


def _moment(name: str, *, nullable: bool = True, server_default: sa.TextClause | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=server_default)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
