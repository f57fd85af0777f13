"""The merchant's orders of some days, as the shop's own clock counts them."""

from datetime import UTC, datetime
from types import SimpleNamespace

from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.models.orders import Order
from app.models.shops import Shop
from devstore.store import Store
from tests.devstore.orders.cast import buy
from tests.orders.conftest import Post
from tests.reviews.conftest import merchant

__all__ = ["merchant"]


def test_orders_are_found_by_the_days_of_the_shop_and_exported_as_shown(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, merchant: FlaskClient
) -> None:
    """Acme is in Los Angeles: seven hours behind, so a day begins there at seven in the morning of UTC."""
    names = [buy(store, (goods.mug, 1))["name"] for _ in range(3)]
    post.deliver()
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).timezone = "America/Los_Angeles"
        moments = [datetime(2026, 10, day, hour, 59, tzinfo=UTC) for day, hour in ((2, 6), (2, 7), (3, 6))]
        for order, moment in zip(session.scalars(select(Order).order_by(Order.id)), moments, strict=True):
            order.ordered_at = moment

    def shown(query: str) -> list[str]:
        rows = merchant.get(f"/app/orders/export.csv?{query}").text.splitlines()[1:]
        return sorted(row.split(",")[0] for row in rows)

    assert shown("since=2026-10-02&until=2026-10-02") == names[1:]
    assert shown("until=2026-10-01") == names[:1]
    assert shown("since=2026-10-03") == []
    assert shown("since=gibberish&until=2026-99-99") == names, "what is no day asks for nothing"
    page = merchant.get("/app/orders?since=2026-10-03").text
    assert "No order matches" in page
    assert 'value="2026-10-03"' in page
