"""A difference between Shopify and the books: found, told, held back, read again, cleared. Through the real doors."""

from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from app import db
from app.books import queries
from app.ledger.stops import STOPPED
from app.models.books import Difference, PayoutStop
from app.models.orders import Order, VendorOrder
from app.models.products import Product
from app.models.shops import Shop, ShopSettings
from app.orders.stages import HoldReason
from app.payouts.queries import preview
from devstore.store import Store
from tests.scenarios.market import Market
from tests.scenarios.test_missed_webhooks import live_an_order, lose_webhooks, mug

__all__ = ["mug"]


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app's clock is an hour ahead: what Shopify changed just now has had its time."""
    (tmp_path / "clock-offset").write_text("3600")
    monkeypatch.setenv("STALLKEEPER_CLOCK_DIR", str(tmp_path))


def prove(market: Market) -> None:
    assert market.merchant("/app/reconciliation", {"x": "y"}).status_code == 200
    market.settle()


def refund_unheard(market: Market) -> None:
    """Bought and sent; then one unit is refunded and Shopify's word of it is lost."""
    order = live_an_order(market)
    market.settle()
    lose_webhooks(market)
    back = {"lines": [{"line_item_id": order["line_items"][0]["id"], "quantity": 1}]}
    httpx.post(f"{market.store_url}/_control/orders/{order['id']}/refund", json=back).raise_for_status()
    market.settle()
    httpx.delete(f"{market.store_url}/_control/faults").raise_for_status()


def obstacles(shop: Shop) -> list[str | None]:
    with db.scoped(shop.id) as session:
        return [row.obstacle for row in preview(session, session.get_one(Shop, shop.id))]


def test_a_refund_that_was_never_told_is_found_held_read_again_and_cleared(
    market: Market, shop: Shop, mug: Product, later: None
) -> None:
    with db.scoped(shop.id) as session:
        session.execute(update(ShopSettings).values(hold_days=0, payout_minimum_minor=0))
    refund_unheard(market)
    assert obstacles(shop) == ["No payout details yet. The vendor enters them in the portal."]
    prove(market)
    assert obstacles(shop) == [STOPPED]
    with db.scoped(shop.id) as session:
        row = session.scalars(select(Difference)).one()
        assert "in Shopify and" in row.words
        assert "Its event never came" in row.cause
        assert session.scalars(select(PayoutStop.vendor_id)).all() == [mug.vendor_id]
        last = queries.find_last(session, shop.id)
        assert last
        assert (last.orders, last.shopify_orders, last.found, last.open, last.error) == (1, 1, 1, 1, None)
    page = market.merchant("/app/reconciliation").text
    assert "1 thing does not agree" in page
    assert "Payouts held" in page
    assert "Something does not agree" in market.mails()[0]["subject"]
    assert market.merchant(f"/app/reconciliation/differences/{row.id}/reread", {"x": "y"}).status_code == 200
    market.settle()
    with db.scoped(shop.id) as session:
        row = session.get_one(Difference, row.id)
        assert row.cleared_at
        assert row.reread_at is None
        assert session.scalars(select(PayoutStop.vendor_id)).all() == []
    assert obstacles(shop) != [STOPPED]
    prove(market)
    assert "Everything agrees" in market.merchant("/app/reconciliation").text


def test_an_order_that_the_books_never_saw_is_found_and_brought_in(
    market: Market, shop: Shop, mug: Product, later: None
) -> None:
    lose_webhooks(market)
    missed = live_an_order(market)
    market.settle()
    httpx.delete(f"{market.store_url}/_control/faults").raise_for_status()
    prove(market)
    with db.scoped(shop.id) as session:
        row = session.scalars(select(Difference)).one()
        assert (row.order_id, row.order_number) == (None, missed["id"])
    market.merchant(f"/app/reconciliation/differences/{row.id}/reread", {"x": "y"})
    market.settle()
    with db.scoped(shop.id) as session:
        assert session.get_one(Difference, row.id).cleared_at
        assert session.scalars(select(Order.shopify_id)).one() == missed["id"]


def test_money_of_an_order_that_shopify_does_not_have_waits_until_it_has_it_again(
    market: Market, shop: Shop, mug: Product
) -> None:
    order = live_an_order(market)
    market.settle()
    prove(market)
    with db.scoped(shop.id) as session:
        assert session.scalars(select(Difference)).all() == []
    files = Store(market.folder / "devstore" / "store.sqlite3")
    held = files.get(shop.domain, "order", order["id"])
    assert held
    files.delete(shop.domain, "order", order["id"])
    prove(market)
    with db.scoped(shop.id) as session:
        row = session.scalars(select(Difference)).one()
        assert "Shopify does not have this order" in row.words
        assert "It was deleted there, or made up" in row.cause
        [part] = session.scalars(select(VendorOrder)).all()
        assert (part.hold_reason, part.is_checked) == (HoldReason.CHECK, False)
        assert session.scalars(select(PayoutStop)).all() == [], "what she earned elsewhere is not in doubt"
    page = market.merchant(f"/app/orders/{part.order_id}").text
    assert "This order needs a look" in page
    assert "not explained" not in page
    prove(market)
    with db.scoped(shop.id) as session:
        assert session.scalars(select(Difference.id).where(Difference.cleared_at.is_(None))).all() == [row.id]
    files.put(shop.domain, "order", held)
    files.close()
    market.merchant(f"/app/reconciliation/differences/{row.id}/reread", {"x": "y"})
    market.settle()
    with db.scoped(shop.id) as session:
        assert session.get_one(Difference, row.id).cleared_at
        assert session.scalars(select(Order.flags)).one() == []
        assert session.scalars(select(VendorOrder.is_checked)).one()


def test_a_difference_of_an_order_too_old_to_ask_about_stays_until_shopify_tells_of_it(
    market: Market, shop: Shop, mug: Product, later: None, tmp_path: Path
) -> None:
    refund_unheard(market)
    prove(market)
    two_months = 61 * 86400
    httpx.post(f"{market.store_url}/_control/clock", json={"offset_seconds": two_months}).raise_for_status()
    (tmp_path / "clock-offset").write_text(str(two_months))
    with db.scoped(shop.id) as session:
        row = session.scalars(select(Difference)).one()
    reread = f"/app/reconciliation/differences/{row.id}/reread"
    market.merchant(reread, {"x": "y"})
    market.settle()
    with db.scoped(shop.id) as session:
        row = session.get_one(Difference, row.id)
        assert (row.cleared_at, row.reread_at) == (None, None)
        assert "read_all_orders" in row.cause
        assert session.scalars(select(PayoutStop.vendor_id)).all() == [mug.vendor_id]
    files = Store(market.folder / "devstore" / "store.sqlite3")
    [installed] = files.all(shop.domain, "installation")
    files.put(shop.domain, "installation", {**installed, "scopes": [*installed["scopes"], "read_all_orders"]})
    files.close()
    with db.system() as session:
        session.execute(update(Shop).values(scopes=Shop.scopes + ",read_all_orders"))
    market.merchant(reread, {"x": "y"})
    market.settle()
    with db.scoped(shop.id) as session:
        assert session.get_one(Difference, row.id).cleared_at
        assert session.scalars(select(PayoutStop.vendor_id)).all() == []
