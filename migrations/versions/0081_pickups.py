"""Who sends what vendors sell, and what they have packed for the shop to collect"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import rls

revision: str = "0081_pickups"
down_revision: str | None = "0080_fewer_entries_indexed"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SHOP = "shop_id = (SELECT asking_shop())"
_STAFF = "(SELECT asking_vendor()) IS NULL"
_OWN = "vendor_id = (SELECT asking_vendor())"
_OWN_LINES = """NOT EXISTS (
    SELECT FROM jsonb_object_keys(quantities) line WHERE NOT EXISTS (
        SELECT FROM vendor_orders v JOIN order_lines l ON l.order_id = v.order_id
        WHERE v.order_shopify_id = {table}.order_shopify_id AND l.shopify_id = line::bigint
          AND v.vendor_id = {table}.vendor_id AND l.vendor_id = {table}.vendor_id))"""
_SHOP_SENDS = """EXISTS (SELECT FROM vendors v JOIN shop_settings s ON s.shop_id = v.shop_id
    WHERE v.id = vendor_id AND coalesce(v.is_collected, s.vendors_are_collected))"""
_PACKED = f"""{_OWN} AND state = 'ready' AND fulfilment_id IS NULL
    AND coalesce(collected_at, closed_at) IS NULL AND {_OWN_LINES.format(table="pickups")}
    AND EXISTS (SELECT FROM vendor_orders v WHERE v.id = part_id AND v.order_shopify_id = pickups.order_shopify_id)"""
# A vendor takes back what nobody has collected, and nothing else.
_WRONG = """OLD.state <> 'ready' OR NEW.state <> 'withdrawn'
    OR to_jsonb(NEW) - '{state,closed_at}'::text[] <> to_jsonb(OLD) - '{state,closed_at}'::text[]"""
# As before, but not where the shop sends itself.
_SENT = f"""{_OWN} AND state = 'requested' AND shopify_id IS NULL AND shipment_status = ''
    AND coalesce(announced_at, shipped_seen_at, delivered_seen_at) IS NULL AND NOT {_SHOP_SENDS}
    AND {_OWN_LINES.format(table="fulfilments")}"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    yes_no = sa.Boolean()
    op.add_column(
        "shop_settings", sa.Column("vendors_are_collected", yes_no, server_default=sa.false(), nullable=False)
    )
    op.add_column("vendors", sa.Column("is_collected", yes_no, nullable=True))
    _make_table()
    rls.protect_for_vendor("pickups")
    op.execute(f"ALTER POLICY adding ON pickups WITH CHECK ({_SHOP} AND ({_STAFF} OR ({_PACKED})))")
    op.execute(f"ALTER POLICY removing ON pickups USING ({_SHOP} AND {_STAFF})")
    op.execute(f"ALTER POLICY adding ON fulfilments WITH CHECK ({_SHOP} AND ({_STAFF} OR ({_SENT})))")
    for table, wrong in (("pickups", _WRONG), ("vendors", "NEW.is_collected IS DISTINCT FROM OLD.is_collected")):
        op.execute(
            f"CREATE TRIGGER vendors_collected BEFORE UPDATE ON {table} FOR EACH ROW"
            f" WHEN (asking_vendor() IS NOT NULL AND ({wrong})) EXECUTE FUNCTION refuse_vendor()"
        )


def _make_table() -> None:
    moment = sa.DateTime(timezone=True)
    number = sa.BigInteger()
    op.create_table(
        "pickups",
        sa.Column("id", number, sa.Identity(always=True), primary_key=True),
        sa.Column("shop_id", number, sa.ForeignKey("shops.id", ondelete="CASCADE"), nullable=False),
        sa.Column("vendor_id", number, sa.ForeignKey("vendors.id"), nullable=False),
        sa.Column("part_id", number, sa.ForeignKey("vendor_orders.id", ondelete="CASCADE"), nullable=False),
        sa.Column("order_shopify_id", number, nullable=False),
        sa.Column("quantities", postgresql.JSONB(), nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("ready_at", moment, nullable=False),
        sa.Column("ready_by", sa.Text(), nullable=False),
        sa.Column("collected_at", moment, nullable=True),
        sa.Column("closed_at", moment, nullable=True),
        sa.Column("fulfilment_id", number, sa.ForeignKey("fulfilments.id", ondelete="SET NULL"), nullable=True),
    )
    for column in ("shop_id", "vendor_id", "part_id", "fulfilment_id"):
        op.create_index(f"ix_pickups_{column}", "pickups", [column])
    waiting = sa.text("state IN ('ready', 'collected')")
    op.create_index("ix_pickups_waiting", "pickups", ["shop_id", "ready_at"], postgresql_where=waiting)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
