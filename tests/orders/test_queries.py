"""Pages of orders and money cost the same number of questions however much is on them."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.ledger import queries as ledger
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders import queries, vendor_list
from app.payouts import checks, contents
from app.payouts import queries as payouts
from devstore.store import Store
from tests.devstore.orders.cast import buy
from tests.orders.conftest import Post
from tests.products.test_queries import counted

LISTS: dict[str, Callable[[Session, Shop, int], Any]] = {
    "orders": lambda session, shop, _: queries.list_orders(session, shop.id),
    "vendor's orders": lambda session, _, vendor_id: vendor_list.list_orders(session, vendor_id, vendor_list.Wanted()),
    "holds": lambda session, _, vendor_id: queries.list_holds(session, vendor_id),
    "movements": lambda session, shop, vendor_id: contents.name_movements(
        session, vendor_id, ledger.list_movements(session, shop.id, vendor_id, shop.currency).rows
    ),
    "preview": lambda session, shop, _: payouts.preview(session, shop),
    "stray balances": lambda session, shop, _: checks.list_stray_balances(session, shop.id),
}


@pytest.mark.parametrize("name", LISTS)
def test_more_orders_ask_no_more_questions(
    name: str, goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    costs = []
    for more in (1, 4):
        for _ in range(more):
            buy(store, (goods.mug, 1), (goods.loaf, 1))
        post.deliver()
        with db.scoped(acme.id) as session:
            session.scalar(select(1))
            with counted() as asked:
                LISTS[name](session, acme, ada.id)
        costs.append(len(asked))
    # Who is paid how much, why not, and by which way: the preview asks several domains, each once.
    assert costs[0] == costs[1] <= (9 if name == "preview" else 5)
