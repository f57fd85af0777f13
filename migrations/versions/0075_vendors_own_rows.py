"""Of its own row and its products a vendor's session writes what is the vendor's to say, and nothing else"""

from collections.abc import Sequence

from alembic import op

revision: str = "0075_vendors_own_rows"
down_revision: str | None = "0074_looked_up_one_by_one"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SHOP = "shop_id = (SELECT asking_shop())"
_STAFF = "(SELECT asking_vendor()) IS NULL"
_OWN = "vendor_id = (SELECT asking_vendor())"
_READ_SCOPES = '["vendors:read", "products:read", "orders:read", "ledger:read", "payouts:read"]'
_EDITABLE = "('draft', 'changes_requested')"
# Row-level security shows a vendor no other's products, parts, lines and threads: so a row cannot belong to them.
_OF_OWN_PRODUCT = "EXISTS (SELECT FROM products p WHERE p.id = product_id)"
_OF_EDITABLE_PRODUCT = f"EXISTS (SELECT FROM products p WHERE p.id = product_id AND p.status IN {_EDITABLE})"
_OF_OWN_LINES = """NOT EXISTS (
    SELECT FROM jsonb_object_keys(quantities) line WHERE NOT EXISTS (
        SELECT FROM vendor_orders v JOIN order_lines l ON l.order_id = v.order_id
        WHERE v.order_shopify_id = {table}.order_shopify_id AND l.shopify_id = line::bigint
          AND v.vendor_id = {table}.vendor_id AND l.vendor_id = {table}.vendor_id))"""

_WORDS = "title,description_html,category_gid,category_name,attributes,seo_title,seo_description,options"


def _touches(columns: str) -> str:
    """Whether one of these columns changes."""
    new, old = (", ".join(f"{row}.{column.strip()}" for column in columns.split(",")) for row in ("NEW", "OLD"))
    return f"ROW({new}) IS DISTINCT FROM ROW({old})"


def _newly(column: str) -> str:
    """Whether a column that a vendor may only empty gets another value."""
    return f"(NEW.{column} IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column})"


# Columns that no vendor changes, by table.
_KEPT = {
    "vendors": "id, shop_id, handle, email, status, status_reason, status_changed_at, logo_url, logo_file_gid,"
    "cover_url, cover_file_gid, metaobject_gid, metaobject_updated_at, applied_at, approved_at",
    "products": "id, shop_id, vendor_id, shopify_gid, handle, product_type, tags, published_at, shopify_updated_at,"
    "shopify_status, channels_version, hidden_with_vendor, vendor_told, listing_key",
    "variants": "shop_id, vendor_id, product_id, shopify_gid, inventory_item_gid, reviewed_price_minor",
    "stock_levels": "shop_id, vendor_id, variant_id, location_id",
    "product_images": "shop_id, vendor_id, product_id",
    "product_proposals": "shop_id, vendor_id, product_id",
    "fulfilments": "shop_id, vendor_id, order_shopify_id, shopify_id, quantities, shipment_status, announced_at,"
    "shipped_seen_at, delivered_seen_at",
    "order_threads": "shop_id, vendor_id, part_id, order_shopify_id, token",
    "vendor_users": "shop_id, vendor_id, email",
    "portal_sessions": "vendor_id, vendor_user_id, visit_id, token_hash, awaits_factor, expires_at",
    "api_tokens": "vendor_id, scopes, token_hash, created_by, expires_at",
}
_REVOKED_FOR_GOOD = "(OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL)"
# Which other changes a vendor may not make.
_WRONG = {
    # New payout details start the hold: its beginning moves with them, and never back. What time it is, only
    # app/clock.py knows.
    "vendors": f"""{_newly("profile_synced_at")} OR {_newly("sync_error")}
        OR ({_touches("payout_rail, payout_account, payout_holder")}
            AND NEW.payout_changed_at IS NOT DISTINCT FROM OLD.payout_changed_at)
        OR coalesce(NEW.payout_changed_at, '-infinity') < OLD.payout_changed_at""",
    "products": f"""{_newly("reviewed_at")} OR {_newly("sync_error")}
        OR (NEW.status <> OLD.status AND NEW.status <> 'archived' AND (OLD.status, NEW.status) NOT IN
            (('draft', 'submitted'), ('changes_requested', 'submitted'), ('submitted', 'draft'),
             ('in_review', 'draft'), ('published', 'draft'), ('archived', 'draft')))
        OR (OLD.status NOT IN {_EDITABLE} AND NEW.status <> 'draft' AND {_touches(_WORDS)})""",
    "product_proposals": """OLD.status IN ('applied', 'rejected')
        OR (OLD.status = 'accepted' AND NEW.status <> 'withdrawn')
        OR (NEW.status <> OLD.status AND NEW.status NOT IN ('waiting', 'withdrawn'))""",
    "fulfilments": "NEW.state <> OLD.state AND (OLD.state <> 'failed' OR NEW.state NOT IN ('requested', 'cancelled'))",
    "portal_sessions": _REVOKED_FOR_GOOD,
    "api_tokens": _REVOKED_FOR_GOOD,
}
# What a vendor may add, by table; nothing where it says false.
_ADDED = {
    "vendors": "false",
    "products": f"""{_OWN} AND status = 'draft' AND coalesce(shopify_gid, handle, shopify_status) IS NULL
        AND coalesce(reviewed_at, published_at, submitted_at) IS NULL AND NOT hidden_with_vendor""",
    "variants": f"""{_OWN} AND coalesce(shopify_gid, inventory_item_gid) IS NULL AND reviewed_price_minor IS NULL
        AND {_OF_EDITABLE_PRODUCT}""",
    "stock_levels": f"{_OWN} AND EXISTS (SELECT FROM variants v WHERE v.id = variant_id)",
    "product_images": f"{_OWN} AND {_OF_OWN_PRODUCT}",
    "product_proposals": f"{_OWN} AND status IN ('waiting', 'accepted') AND applied_at IS NULL AND {_OF_OWN_PRODUCT}",
    "fulfilments": f"""{_OWN} AND state = 'requested' AND shopify_id IS NULL AND shipment_status = ''
        AND coalesce(announced_at, shipped_seen_at, delivered_seen_at) IS NULL
        AND {_OF_OWN_LINES.format(table="fulfilments")}""",
    "order_messages": f"{_OWN} AND author = 'vendor' AND EXISTS (SELECT FROM order_threads t WHERE t.id = thread_id)",
    "order_threads": f"{_OWN} AND EXISTS (SELECT FROM vendor_orders v WHERE v.id = part_id)",
    "vendor_users": "false",
    "portal_sessions": "false",
    "api_tokens": f"{_OWN} AND scopes <@ '{_READ_SCOPES}'::jsonb",
    "event_deliveries": "false",
    "qr_scans": "false",
}
# What a vendor may remove. What goes with a row that is removed goes without being asked.
_REMOVED = {
    "products": f"{_OWN} AND status = 'draft' AND shopify_gid IS NULL",
    "variants": f"{_OWN} AND {_OF_EDITABLE_PRODUCT}",
    **dict.fromkeys(
        ("vendors", "stock_levels", "product_proposals", "fulfilments", "order_messages", "order_threads",
         "portal_sessions", "api_tokens", "emails", "domain_events", "event_deliveries", "qr_scans"), "false"
    ),
}  # fmt: skip
# What was said, sent or counted once stays as it is.
_FIXED = ("order_messages", "emails", "domain_events", "event_deliveries", "qr_scans")

# Answering a review counts the stars anew. What comes of it is what they are.
_RATING = """
CREATE FUNCTION refuse_false_rating() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  counts jsonb;
BEGIN
  SELECT jsonb_agg(given ORDER BY star DESC) INTO counts FROM (
    SELECT star, count(r.id) AS given FROM generate_series(1, 5) star
    LEFT JOIN vendor_reviews r ON r.vendor_id = NEW.id AND r.state = 'published' AND r.stars = star
    GROUP BY star) stars;
  IF NEW.rating_count <> (SELECT count(*) FROM vendor_reviews WHERE vendor_id = NEW.id AND state = 'published')
    OR NEW.rating_sum
      <> (SELECT coalesce(sum(stars), 0) FROM vendor_reviews WHERE vendor_id = NEW.id AND state = 'published')
    OR NEW.shown_reviews -> 'counts' IS DISTINCT FROM counts
  THEN
    RAISE insufficient_privilege USING MESSAGE = 'a vendor may not write this into vendors';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER vendors_true_rating BEFORE UPDATE OF rating_count, rating_sum, shown_reviews ON vendors FOR EACH ROW
WHEN (asking_vendor() IS NOT NULL AND (NEW.rating_count, NEW.rating_sum, NEW.shown_reviews)
    IS DISTINCT FROM (OLD.rating_count, OLD.rating_sum, OLD.shown_reviews))
EXECUTE FUNCTION refuse_false_rating();
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, allowed in _ADDED.items():
        op.execute(f"ALTER POLICY adding ON {table} WITH CHECK ({_SHOP} AND ({_STAFF} OR ({allowed})))")
    for table, allowed in _REMOVED.items():
        op.execute(f"ALTER POLICY removing ON {table} USING ({_SHOP} AND ({_STAFF} OR ({allowed})))")
    for table in _FIXED:
        op.execute(f"ALTER POLICY changing ON {table} USING ({_SHOP} AND {_STAFF}) WITH CHECK ({_SHOP} AND {_STAFF})")
    for table, columns in _KEPT.items():
        wrong = f"{_touches(columns)} OR {_WRONG.get(table, 'false')}"
        op.execute(
            f"CREATE TRIGGER vendors_own_rows BEFORE UPDATE ON {table} FOR EACH ROW"
            f" WHEN (asking_vendor() IS NOT NULL AND ({wrong})) EXECUTE FUNCTION refuse_vendor()"
        )
    op.execute(_RATING)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: data does not migrate backwards")
