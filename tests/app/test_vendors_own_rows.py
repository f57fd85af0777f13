"""What a vendor's database session may write of its own row, its products and what hangs on them, tried in SQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app import clock, db
from app.auth.scopes import OF_VENDORS, Scope
from app.models.messages import OrderThread
from app.models.orders import Order, OrderLine, VendorOrder
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor

# Whatever else a vendor's session can write belongs to the vendor alone: what they chose, typed or have read.
THEIRS = {
    "api_answers", "notice_choices", "notice_reads", "product_import_rows", "product_imports", "qr_codes",
    "shipment_batches", "vendor_answers", "vendor_pictures",
}  # fmt: skip
GUARDED = {
    "api_tokens", "audit_entries", "cancellations", "domain_events", "emails", "fulfilments", "order_messages",
    "order_threads", "pickups", "portal_sessions", "product_images", "product_proposals", "products", "questions",
    "stock_levels", "variants", "vendor_reviews", "vendor_users", "vendors",
}  # fmt: skip

_VARIANT = """INSERT INTO variants (shop_id, vendor_id, product_id, price_minor, currency)
  VALUES (:shop, :ada, {product}, 1, 'USD')"""
_PICTURE = """INSERT INTO product_images (shop_id, vendor_id, product_id, filename, source_url{columns})
  VALUES (:shop, :ada, {product}, 'x.png', ''{values})"""
_PRODUCT = "INSERT INTO products (shop_id, vendor_id, title, {column}) VALUES (:shop, :ada, 'Hat', {value})"
_PARCEL = """INSERT INTO fulfilments (shop_id, vendor_id, order_shopify_id, state, quantities, fulfilled_at)
  VALUES (:shop, :ada, 1, '{state}', '{{"{line}": 1}}', now())"""
_PICKUP = """INSERT INTO pickups
  (shop_id, vendor_id, part_id, order_shopify_id, quantities, state, ready_at, ready_by)
  VALUES (:shop, :ada, {part}, 1, '{{"{line}": 1}}', '{state}', now(), 'ada')"""
_MESSAGE = """INSERT INTO order_messages (shop_id, vendor_id, thread_id, author, body)
  VALUES (:shop, :ada, {thread}, '{author}', 'Hello')"""
_TOKEN = """INSERT INTO api_tokens (shop_id, vendor_id, name, token_hash, last4, scopes, created_by)
  VALUES (:shop, :ada, 'Mine', 'x', 'xxxx', cast(:scopes AS jsonb), 'ada')"""
_EMAIL = """INSERT INTO emails (shop_id, vendor_id, kind, to_address, from_name, subject, html, text_body, dedupe_key)
  VALUES (:shop, :ada, 'k', 'ada@example.com', 'Acme', 'Changed', '', '', 'k')"""


@pytest.fixture
def rows(acme: Shop, ada: Vendor, bea: Vendor) -> dict[str, Any]:
    """Ada with a draft, a hat on sale and one in review; Bea with a draft; an order of both; Ada's conversation."""
    now = clock.now()
    with db.scoped(acme.id) as session:
        draft, hat, review, theirs = (
            _product(session, vendor, status)
            for vendor, status in (
                (ada, ProductStatus.DRAFT),
                (ada, ProductStatus.PUBLISHED),
                (ada, ProductStatus.IN_REVIEW),
                (bea, ProductStatus.DRAFT),
            )
        )
        bought = {"shop_id": acme.id, "name": "#1", "currency": "USD", "ordered_at": now}
        order = Order(**bought, shopify_id=1, snapshot={}, snapshot_updated_at=now, terms={}, total_minor=200)
        session.add(order)
        session.flush()
        threads = []
        for number, vendor in ((11, ada), (12, bea)):
            line = {"shop_id": acme.id, "vendor_id": vendor.id, "order_id": order.id, "shopify_id": number}
            terms = {"hold_days": 0, "tax_to": "vendor", "fee_tax_bps": 0}
            session.add(OrderLine(**line, **terms, position=1, title="Cup", attribution="product"))
            part = VendorOrder(**bought, vendor_id=vendor.id, order_id=order.id, order_shopify_id=1)
            session.add(part)
            session.flush()
            owner = {"shop_id": acme.id, "vendor_id": vendor.id, "part_id": part.id, "order_shopify_id": 1}
            threads.append(thread := OrderThread(**owner, token=f"t{number}", last_at=now))
            session.add(thread)
            session.flush()
        asking = {"shop": acme.id, "ada": ada.id, "draft": draft, "hat": hat, "review": review, "theirs": theirs}
        session.execute(text("UPDATE vendors SET payout_changed_at = now() - interval '1 day'"))
        asking |= {"thread": threads[0].id, "other_thread": threads[1].id}
        session.execute(text(_PICTURE.format(product=":hat", columns=", url", values=", 'https://cdn/x.png'")), asking)
        asking |= {"part": threads[0].part_id, "other_part": threads[1].part_id}
        session.execute(text(_EMAIL), asking)
        session.execute(text(_PARCEL.format(state="created", line=11)), asking)
        session.execute(text(_PICKUP.format(part=":part", line=11, state="ready")), asking)
    return asking


def _product(session: Session, vendor: Vendor, status: ProductStatus) -> int:
    product = Product(shop_id=vendor.shop_id, vendor_id=vendor.id, title=f"A {status}", status=status)
    session.add(product)
    session.flush()
    owner = {"shop_id": vendor.shop_id, "vendor_id": vendor.id, "product_id": product.id}
    session.add(Variant(**owner, price_minor=100, currency="USD"))
    session.flush()
    return product.id


@contextmanager
def as_ada(rows: dict[str, Any]) -> Iterator[db.ScopedSession]:
    with db.scoped(rows["shop"], rows["ada"]) as session:
        yield session


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vendors SET status = 'suspended'",
        "UPDATE vendors SET handle = 'another'",
        "UPDATE vendors SET email = 'thief@example.com'",
        "UPDATE vendors SET rating_count = 100, rating_sum = 500",
        """UPDATE vendors SET shown_reviews = '{"counts": [9, 0, 0, 0, 0], "latest": []}'""",
        "UPDATE vendors SET metaobject_gid = 'gid://shopify/Metaobject/1'",
        "UPDATE vendors SET profile_synced_at = now()",
        """UPDATE vendors SET page_words = '{"name": "Nobody"}'""",
        "UPDATE vendors SET payout_account = 'x', payout_holder = 'x'",
        "UPDATE vendors SET payout_account = 'x', payout_changed_at = now() - interval '4 days'",
        "UPDATE vendors SET payout_account = 'x', payout_changed_at = NULL",
        "INSERT INTO vendors (shop_id, handle, name, email) VALUES (:shop, 'x', 'X', 'x@example.com')",
        "UPDATE products SET status = 'published' WHERE id = :draft",
        "UPDATE products SET status = 'in_review' WHERE id = :draft",
        "UPDATE products SET reviewed_at = now() WHERE id = :review",
        "UPDATE products SET title = 'Another' WHERE id = :review",
        "UPDATE products SET description_html = 'Another' WHERE id = :hat",
        "UPDATE products SET shopify_gid = 'gid://shopify/Product/7' WHERE id = :draft",
        "UPDATE products SET tags = '[\"cheap\"]' WHERE id = :draft",
        _PRODUCT.format(column="status", value="'published'"),
        _PRODUCT.format(column="shopify_gid", value="'gid://shopify/Product/7'"),
        "UPDATE variants SET inventory_item_gid = 'gid://shopify/InventoryItem/7'",
        "UPDATE variants SET picture_told = 'gid://shopify/MediaImage/7'",
        "UPDATE variants SET price_minor = 1 WHERE product_id = :hat",
        "UPDATE variants SET sku = 'X' WHERE product_id = :review",
        "UPDATE variants SET option_values = '[\"Red\"]' WHERE product_id = :hat",
        "UPDATE product_images SET url = 'https://elsewhere.example/x.png' WHERE product_id = :hat",
        "UPDATE product_images SET live = false WHERE product_id = :hat",
        _PICTURE.format(product=":hat", columns="", values=""),
        _PICTURE.format(product=":hat", columns=", live, url", values=", false, 'https://elsewhere.example/x.png'"),
        _VARIANT.format(product=":theirs"),
        _VARIANT.format(product=":hat"),
        _PICTURE.format(product=":theirs", columns="", values=""),
        _PARCEL.format(state="requested", line=12),
        _PARCEL.format(state="created", line=11),
        "UPDATE vendors SET is_collected = false",
        "UPDATE pickups SET state = 'collected'",
        "UPDATE pickups SET state = 'withdrawn', quantities = '{\"11\": 5}'",
        _PICKUP.format(part=":part", line=12, state="ready"),
        _PICKUP.format(part=":part", line=11, state="collected"),
        _PICKUP.format(part=":other_part", line=11, state="ready"),
        "UPDATE fulfilments SET shopify_id = 7",
        "UPDATE fulfilments SET state = 'requested'",
        _MESSAGE.format(thread=":thread", author="customer"),
        _MESSAGE.format(thread=":other_thread", author="vendor"),
        "UPDATE order_threads SET token = 'guessed'",
        "UPDATE vendor_users SET email = 'thief@example.com'",
        "INSERT INTO vendor_users (shop_id, vendor_id, email) VALUES (:shop, :ada, 'x@example.com')",
        """INSERT INTO portal_sessions (shop_id, vendor_id, token_hash, expires_at)
           VALUES (:shop, :ada, 'x', now() + interval '1 year')""",
        """INSERT INTO event_deliveries (shop_id, vendor_id, event_id, subscriber)
           VALUES (:shop, :ada, 1, 'x')""",
    ],
)
def test_a_vendor_writes_nothing_that_the_shop_decides(rows: dict[str, Any], statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"may not write|row-level security"), as_ada(rows) as session:
        session.execute(text(statement), rows)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM vendors",
        "DELETE FROM products WHERE id = :hat",
        "DELETE FROM variants WHERE product_id = :hat",
        "DELETE FROM product_images WHERE product_id = :hat",
        "DELETE FROM fulfilments",
        "DELETE FROM pickups",
        "DELETE FROM order_threads",
        "DELETE FROM emails",
        "UPDATE emails SET to_address = 'nobody@example.com'",
    ],
)
def test_what_was_sent_or_is_on_sale_a_vendor_neither_removes_nor_changes(rows: dict[str, Any], statement: str) -> None:
    with as_ada(rows) as session:
        assert session.execute(text(statement), rows).rowcount == 0  # type: ignore[attr-defined]


def test_a_vendor_writes_a_profile_a_draft_a_parcel_and_a_message(rows: dict[str, Any]) -> None:
    with as_ada(rows) as session:
        for statement in (
            "UPDATE vendors SET tagline = 'Slow cups', payout_account = 'x', payout_changed_at = now()",
            "UPDATE products SET title = 'A cup', status = 'submitted' WHERE id = :draft",
            "UPDATE products SET status = 'draft' WHERE id IN (:hat, :review)",
            "UPDATE products SET title = 'A hat again', status = 'archived' WHERE id = :hat",
            "UPDATE variants SET stock = 3",
            "UPDATE variants SET price_minor = 200, sku = 'A' WHERE product_id = :review",
            _PICTURE.format(product=":review", columns=", url", values=", 'https://cdn/x.png'"),
            "UPDATE product_images SET url = NULL WHERE product_id = :review",
            "DELETE FROM product_images WHERE product_id = :review",
            _VARIANT.format(product=":review"),
            "DELETE FROM products WHERE id = :review",
            _PARCEL.format(state="requested", line=11),
            _MESSAGE.format(thread=":thread", author="vendor"),
            "UPDATE vendor_users SET role = 'orders'",
        ):
            assert session.execute(text(statement), rows).rowcount, statement  # type: ignore[attr-defined]


def test_where_the_shop_collects_a_vendor_packs_takes_back_and_sends_nothing(rows: dict[str, Any]) -> None:
    with db.scoped(rows["shop"]) as session:
        session.execute(text("UPDATE shop_settings SET vendors_are_collected = true"))
    with as_ada(rows) as session:
        session.execute(text(_PICKUP.format(part=":part", line=11, state="ready")), rows)
        session.execute(text("UPDATE pickups SET state = 'withdrawn', closed_at = now()"))
    with pytest.raises(ProgrammingError, match="row-level security"), as_ada(rows) as session:
        session.execute(text(_PARCEL.format(state="requested", line=11)), rows)
    with pytest.raises(ProgrammingError, match="may not write"), as_ada(rows) as session:
        session.execute(text("UPDATE pickups SET state = 'ready'"))


def test_a_vendors_token_reads_and_nothing_else(rows: dict[str, Any]) -> None:
    every = ", ".join(f'"{scope}"' for scope in OF_VENDORS)
    with as_ada(rows) as session:
        session.execute(text(_TOKEN), rows | {"scopes": f"[{every}]"})
        session.execute(text("UPDATE api_tokens SET revoked_at = now()"))
    with pytest.raises(ProgrammingError, match="may not write"), as_ada(rows) as session:
        session.execute(text("UPDATE api_tokens SET revoked_at = NULL"))
    with pytest.raises(ProgrammingError, match="row-level security"), as_ada(rows) as session:
        session.execute(text(_TOKEN), rows | {"scopes": f'["{Scope.PAYOUTS_WRITE}"]'})


def test_somebody_has_judged_each_table_that_vendors_can_write(database: str) -> None:
    """A new one belongs into GUARDED, with what a vendor may not write of it tried above, or into THEIRS."""
    query = text("""
        SELECT DISTINCT tablename FROM pg_policies
        WHERE 'stallkeeper_app' = ANY (roles) AND cmd <> 'SELECT'
          AND coalesce(with_check, qual) ~ '= \\( SELECT asking_vendor\\(\\)'
    """)
    with db.system() as session:
        assert set(session.scalars(query)) == GUARDED | THEIRS
