"""E-mails that customers choose themselves"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rls import protect_for_customer, protect_for_shop

revision: str = "0079_mailings"
down_revision: str | None = "0078_variants_on_sale"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_STAMP = sa.DateTime(timezone=True)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True)


def _shop(*, primary_key: bool = False) -> sa.Column[int]:
    ours = sa.ForeignKey("shops.id", ondelete="CASCADE")
    return sa.Column("shop_id", sa.BigInteger(), ours, primary_key=primary_key, autoincrement=False, nullable=False)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, _STAMP, server_default=sa.func.now(), nullable=False)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _add_subscribers()
    _add_consents()
    _add_settings()
    op.add_column("emails", sa.Column("subscriber_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_emails_subscriber_id_mail_subscribers",
        "emails",
        "mail_subscribers",
        ["subscriber_id"],
        ["id"],
        ondelete="SET NULL",
    )
    chosen = sa.text("subscriber_id IS NOT NULL")
    op.create_index("ix_emails_subscriber_id", "emails", ["subscriber_id"], postgresql_where=chosen)


def _add_subscribers() -> None:
    op.create_table(
        "mail_subscribers",
        _id(),
        _shop(),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("locale", sa.Text(), server_default="", nullable=False),
        sa.Column("topics", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("waiting_id", sa.BigInteger()),
        sa.Column("confirmed_at", _STAMP),
        sa.Column("stopped_at", _STAMP),
        _now("next_look_at"),
        _now("vendors_at"),
        sa.Column("wishlist_at", _STAMP),
        sa.Column("cart_at", _STAMP),
        sa.Column("seen", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        _now("created_at"),
        sa.UniqueConstraint("shop_id", "customer_id", name=op.f("uq_mail_subscribers_shop_id_customer_id")),
    )
    looked_at = sa.text("confirmed_at IS NOT NULL")
    name = "ix_mail_subscribers_next_look_at"
    op.create_index(name, "mail_subscribers", ["next_look_at"], postgresql_where=looked_at)
    protect_for_customer("mail_subscribers")


def _add_consents() -> None:
    theirs = sa.ForeignKey("mail_subscribers.id", ondelete="CASCADE")
    op.create_table(
        "mail_consents",
        _id(),
        _shop(),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), theirs, nullable=False),
        sa.Column("step", sa.String(40), nullable=False),
        sa.Column("topics", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("wording", sa.Text(), server_default="", nullable=False),
        _now("created_at"),
    )
    op.create_index(op.f("ix_mail_consents_shop_id"), "mail_consents", ["shop_id"])
    op.create_index(op.f("ix_mail_consents_subscriber_id"), "mail_consents", ["subscriber_id"])
    protect_for_customer("mail_consents")


def _add_settings() -> None:
    op.create_table(
        "mailing_settings",
        _shop(primary_key=True),
        sa.Column("vendors", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("vendors_every_days", sa.BigInteger(), server_default="7", nullable=False),
        sa.Column("wishlist", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("wishlist_every_days", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("cart", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("cart_after_hours", sa.BigInteger(), server_default="24", nullable=False),
        sa.Column("postal_address", sa.Text(), server_default="", nullable=False),
        _now("updated_at"),
    )
    protect_for_shop("mailing_settings")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
