"""Pages of orders and money cost the same number of questions however much is on them."""

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app import db
from app.ledger import queries as ledger
from app.models.ledger import LedgerEntry
from app.models.mapping import Model
from app.models.orders import Order, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders import queries, vendor_list, views
from app.payouts import checks, contents
from app.payouts import queries as payouts
from devstore.store import Store
from tests.apps import get_app
from tests.devstore.orders.cast import buy
from tests.orders.conftest import Post
from tests.portal.conftest import signed_in
from tests.products.test_queries import counted
from tests.reviews.conftest import merchant

__all__ = ["merchant"]

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


def test_an_order_asks_no_more_questions_however_many_lines_and_vendors_it_has(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    costs = []
    for basket in ([(goods.mug, 1)], [(goods.mug, 1), (goods.vase, 2), (goods.loaf, 1), (goods.bag, 1)]):
        number = buy(store, *basket)["id"]
        post.deliver()
        with db.scoped(acme.id) as session:
            order = session.scalars(select(Order).where(Order.shopify_id == number)).one()
            with counted() as asked:
                split = queries.read_split(session, order)
        assert len(split.lines) == len(basket)
        costs.append(len(asked))
    assert costs == [6, 6]


@contextmanager
def loaded(model: type[Model]) -> Iterator[list[Model]]:
    """Which rows of a table are read meanwhile."""
    found: list[Model] = []

    def note(row: Model, _context: object) -> None:
        found.append(row)

    event.listen(model, "load", note)
    try:
        yield found
    finally:
        event.remove(model, "load", note)


def test_a_long_order_is_turned_part_by_part(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, merchant: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PER_PAGE", 3)
    buy(store, (goods.mug, 1), (goods.vase, 1), (goods.bag, 1), (goods.loaf, 1))
    post.deliver()
    with db.scoped(acme.id) as session:
        order_id = session.scalars(select(Order.id)).one()
    with loaded(LedgerEntry) as entries:
        page = merchant.get(f"/app/orders/{order_id}").text
    assert len(entries) == 4, "those that are shown, and one to know that there are more"
    whole = html.unescape(page)
    assert "1 \N{MULTIPLICATION SIGN} Mug" in whole
    assert "1 \N{MULTIPLICATION SIGN} Loaf" not in whole
    [more] = re.findall(r'accessibilitylabel="Next page" href="([^"]*[?&]after=[^"]*)"', whole)
    rest = html.unescape(merchant.get(more).text)
    assert "1 \N{MULTIPLICATION SIGN} Loaf" in rest
    assert "1 \N{MULTIPLICATION SIGN} Mug" not in rest
    assert "Earned by Ada" in rest, "what each vendor has of the whole order stands on every part"
    seen: list[str] = []
    address: str | None = f"/app/orders/{order_id}"
    while address:
        found = html.unescape(merchant.get(address).text).partition('heading="Bookings"')[2]
        seen += re.findall(r'href="/app/books/entries/(\d+)"', found)
        links = re.findall(r'accessibilitylabel="Next page" href="([^"]*booking_after=[^"]*)"', found)
        address = links[0] if links else None
    assert len(seen) == len(set(seen)) > 3


def test_a_vendor_turns_a_long_order_part_by_part_too(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PER_PAGE", 1)
    buy(store, (goods.mug, 1), (goods.vase, 1), (goods.loaf, 1))
    post.deliver()
    with db.scoped(acme.id) as session:
        part_id = session.scalars(select(VendorOrder.id).where(VendorOrder.vendor_id == ada.id)).one()
    browser = signed_in(get_app(), ada)
    seen: dict[str, list[str]] = {}
    for name, earned in (("after", "<h3>1 \N{MULTIPLICATION SIGN} "), ("booking_after", "/portal/money/entries/")):
        address: str | None = f"/portal/orders/{part_id}"
        while address:
            with loaded(LedgerEntry) as entries:
                page = html.unescape(browser.get(address).text)
            assert len(entries) <= 2
            assert page.count(earned) == 1
            assert len(re.findall('name="units-', page)) == 2, "a parcel is chosen of all that is left"
            seen[name] = [*seen.get(name, ()), *re.findall(f'{earned}([^<"]+)', page)]
            links = re.findall(rf'rel="next" href="([^"]*[?&]{name}=([^"&]*)[^"]*)"', page)
            address = next((link for link, cursor in links if cursor not in address), None)
    assert seen["after"] == ["Mug", "Vase"]
    assert len(seen["booking_after"]) == len(set(seen["booking_after"])) > 1
