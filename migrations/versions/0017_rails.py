"""How payouts travel: bank, PayPal, Stripe; their keys; when a shop pays"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0017_rails"
down_revision: str | None = "0016_api"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NOW = sa.text("now()")


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _shop() -> sa.Column[object]:
    return sa.Column(
        "shop_id", sa.BigInteger(), sa.ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True, nullable=False
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "payout_settings",
        _shop(),
        sa.Column("rails", postgresql.JSONB(), server_default=sa.text("""'["bank"]'"""), nullable=False),
        sa.Column("schedule", sa.Text(), server_default="manual", nullable=False),
        sa.Column("schedule_day", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("schedule_from", sa.Date(), nullable=True),
        sa.Column("prepared_on", sa.Date(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
    )
    rls.protect_shared("payout_settings")
    op.create_table(
        "rail_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column(
            "shop_id", sa.BigInteger(), sa.ForeignKey("shops.id", ondelete="CASCADE"), index=True, nullable=False
        ),
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        _moment("checked_at"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.UniqueConstraint("shop_id", "rail"),
    )
    rls.protect_for_shop("rail_keys")
    _change_vendors()
    _change_payouts()


def _change_vendors() -> None:
    op.alter_column("vendors", "payout_iban", new_column_name="payout_account")
    op.add_column("vendors", sa.Column("payout_rail", sa.Text(), server_default="bank", nullable=False))
    for name in ("payout_waiting", "payout_waiting_hash"):
        op.add_column("vendors", sa.Column(name, sa.LargeBinary(), nullable=True))
    op.add_column("vendors", _moment("payout_waiting_at"))


def _change_payouts() -> None:
    op.alter_column("payouts", "iban", new_column_name="account")
    op.add_column("payouts", sa.Column("rail", sa.Text(), server_default="bank", nullable=False))
    op.add_column("payouts", sa.Column("rail_key", sa.Text(), nullable=True))
    op.execute("UPDATE payouts SET rail_key = 'payout-' || id")
    op.alter_column("payouts", "rail_key", nullable=False)
    op.create_unique_constraint(op.f("uq_payouts_rail_key"), "payouts", ["rail_key"])
    op.add_column("payouts", sa.Column("rail_reference", sa.Text(), nullable=True))
    op.add_column("payouts", sa.Column("by_hand", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("payouts", sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("payouts", _moment("next_look_at"))
    op.add_column("payouts", sa.Column("paid_on", sa.Date(), nullable=True))
    due = sa.text("next_look_at IS NOT NULL")
    op.create_index("ix_payouts_next_look_at", "payouts", ["next_look_at"], postgresql_where=due)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
