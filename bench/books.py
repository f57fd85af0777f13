"""A shop's books of any size, straight into the tables: paid orders of one line, sent, released, none of it paid out.

Nine entries an order: the sale, its tax, onto hold, off hold. One vendor in a hundred sells as much as ten others.
"""

from bench import servers

ENTRIES_PER_ORDER = 9
_FIRST_ORDER = 7_000_000_000

_VENDORS = """
    INSERT INTO vendors (shop_id, handle, name, email, status)
    SELECT %s::bigint, 'vendor-' || n, 'Vendor ' || n, 'vendor-' || n || '@example.com', 'approved'
    FROM generate_series((SELECT count(*) + 1 FROM vendors), %s::bigint) n
"""
_ORDERS = """
    WITH sellers AS (
        SELECT array_agg(id ORDER BY turn, id) AS ids
        FROM vendors CROSS JOIN generate_series(1, 10) turn
        WHERE shop_id = %(shop)s::bigint AND (turn = 1 OR id %% 100 = 0)),
    sold AS (
        INSERT INTO orders (shop_id, shopify_id, name, currency, ordered_at, snapshot, snapshot_updated_at, terms,
                            total_minor, financial_status)
        SELECT %(shop)s::bigint, %(first)s::bigint + n, '#' || n, 'USD', moment, '{}', moment, '{}', 1100, 'paid'
        FROM generate_series(%(since)s::bigint, %(until)s::bigint) n,
             LATERAL (SELECT timestamptz '2026-01-01' + n * interval '1 minute') m(moment)
        RETURNING id, shopify_id, name, ordered_at),
    owned AS (
        SELECT sold.*, sellers.ids[1 + shopify_id %% array_length(sellers.ids, 1)] AS vendor FROM sold, sellers),
    lines AS (
        INSERT INTO order_lines (shop_id, vendor_id, order_id, shopify_id, position, title, attribution, hold_days,
                                 tax_to, fee_tax_bps, quantity, current_quantity, gross_minor, base_minor, fee_minor,
                                 vendor_minor)
        SELECT %(shop)s::bigint, vendor, id, shopify_id, 0, 'Mug', 'product', 14, 'marketplace', 0, 1, 1, 1000, 1000,
               100, 900
        FROM owned)
    INSERT INTO vendor_orders (shop_id, vendor_id, order_id, order_shopify_id, name, ordered_at, currency, status,
                               items_total, earned_minor)
    SELECT %(shop)s::bigint, vendor, id, shopify_id, name, ordered_at, 'USD', 'shipped', 1, 900 FROM owned
"""
_POSTINGS = """
    INSERT INTO ledger_transactions (shop_id, vendor_id, order_id, key, source_key, kind, component, currency,
                                     happened_at, booked_at)
    SELECT shop_id, vendor_id, order_id, key, key, kind, 'line:' || order_shopify_id, 'USD', ordered_at + later,
           ordered_at + later
    FROM vendor_orders CROSS JOIN (VALUES ('sale', 'sale', interval '0'), ('tax', 'sale', interval '0'),
        ('hold', 'fulfilled', interval '1 day'), ('release', 'released', interval '15 days')) k(part, kind, later),
        LATERAL (SELECT 'order:' || order_shopify_id || ':line:' || order_shopify_id || ':' || part) n(key)
    WHERE order_shopify_id BETWEEN %s AND %s ORDER BY order_id, later
"""
_ENTRIES = """
    INSERT INTO ledger_entries (shop_id, vendor_id, transaction_id, account, amount_minor, currency)
    SELECT t.shop_id, CASE WHEN account LIKE 'vendor%%' THEN t.vendor_id END, t.id, account, amount, 'USD'
    FROM vendor_orders o JOIN ledger_transactions t ON t.order_id = o.order_id
    JOIN (VALUES ('sale', 'vendor_pending', 900), ('sale', 'commission', 100), ('sale', 'customer_receipts', -1000),
                 ('tax', 'sales_tax', 100), ('tax', 'customer_receipts', -100),
                 ('hold', 'vendor_pending', -900), ('hold', 'vendor_held', 900),
                 ('release', 'vendor_held', -900), ('release', 'vendor_available', 900)) e(part, account, amount)
      ON t.key LIKE '%%:' || e.part
    WHERE o.order_shopify_id BETWEEN %s AND %s ORDER BY t.id
"""


def grow(database: servers.Database, shop_id: int, *, vendors: int, entries: int) -> None:
    """Bring a shop, on a database of its own, to so many vendors and entries."""
    database.run(_VENDORS, shop_id, vendors)
    orders = entries // ENTRIES_PER_ORDER + 1
    before = int(str(database.ask("SELECT count(*) FROM orders WHERE shopify_id < %s", 2 * _FIRST_ORDER)[0][0]))
    span = (_FIRST_ORDER + before + 1, _FIRST_ORDER + orders)
    database.run(_ORDERS, shop=shop_id, first=_FIRST_ORDER, since=before + 1, until=orders)
    database.run(_POSTINGS, *span)
    database.run(_ENTRIES, *span)
    database.run("VACUUM ANALYZE")
