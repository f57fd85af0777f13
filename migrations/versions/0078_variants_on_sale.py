"""What Shopify was told of variants' pictures; a vendor's session writes prices and pictures into drafts only"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0078_variants_on_sale"
down_revision: str | None = "0077_warehouse_scopes"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_STAFF = "(SELECT asking_vendor()) IS NULL"
_SHOP = "shop_id = (SELECT asking_shop())"
_OWN = "vendor_id = (SELECT asking_vendor())"
_EDITABLE = "EXISTS (SELECT FROM products p WHERE p.id = product_id AND p.status IN ('draft', 'changes_requested'))"
_OF_OWN_PRODUCT = "EXISTS (SELECT FROM products p WHERE p.id = product_id)"

# Columns that a vendor changes in a draft only: on sale they change by an edit.
_DECIDED = {
    "variants": "price_minor, currency, sku, option_values",
    "product_images": "url, live",
}
# A trigger's condition asks no other table: so this function does.
_REFUSE = """
CREATE FUNCTION refuse_vendor_on_sale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM products WHERE id = NEW.product_id AND status IN ('draft', 'changes_requested')
  ) THEN
    RAISE insufficient_privilege USING MESSAGE = 'a vendor may not write this into ' || TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END $$;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("variants", sa.Column("picture_told", sa.Text(), nullable=True))
    op.add_column("product_proposals", sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "CREATE TRIGGER vendors_told_picture BEFORE UPDATE OF picture_told ON variants FOR EACH ROW"
        " WHEN (asking_vendor() IS NOT NULL AND NEW.picture_told IS DISTINCT FROM OLD.picture_told)"
        " EXECUTE FUNCTION refuse_vendor()"
    )
    op.execute(_REFUSE)
    for table, columns in _DECIDED.items():
        new, old = (", ".join(f"{row}.{column.strip()}" for column in columns.split(",")) for row in ("NEW", "OLD"))
        op.execute(
            f"CREATE TRIGGER vendors_drafts_only BEFORE UPDATE ON {table} FOR EACH ROW"
            f" WHEN (asking_vendor() IS NOT NULL AND ROW({new}) IS DISTINCT FROM ROW({old}))"
            " EXECUTE FUNCTION refuse_vendor_on_sale()"
        )
    added = f"{_OWN} AND {_OF_OWN_PRODUCT} AND ({_EDITABLE} OR (NOT live AND url IS NULL))"
    removed = f"{_OWN} AND (NOT live OR {_EDITABLE})"
    op.execute(f"ALTER POLICY adding ON product_images WITH CHECK ({_SHOP} AND ({_STAFF} OR ({added})))")
    op.execute(f"ALTER POLICY removing ON product_images USING ({_SHOP} AND ({_STAFF} OR ({removed})))")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
