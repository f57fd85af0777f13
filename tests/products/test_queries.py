"""Lists cost the same number of questions however long they are, and show nobody anything that is not theirs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from app import db
from app.emails import queries as emails
from app.emails.service import queue_email
from app.models.products import ProductImage, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import exports, queries, service
from app.vendors import queries as vendors


@contextmanager
def counted() -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(db.get_engine(), "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.get_engine(), "before_cursor_execute", note)


def add_products(shop: Shop, vendor: Vendor, count: int) -> None:
    with db.scoped(shop.id) as session:
        for number in range(count):
            product = service.create_draft(session, shop, vendor, f"Mug {number}", actor="vendor_user:1")
            place = {"shop_id": shop.id, "vendor_id": vendor.id, "product_id": product.id}
            session.add(ProductImage(**place, filename="a.png", source_url="x", url=f"https://cdn.example/{number}"))
            key = f"product_published:{product.id}"
            context = {"vendor_name": vendor.name, "product_title": product.title, "link": "https://x.example"}
            queue_email(session, shop.id, "product_published", vendor.email, context, dedupe_key=key)


LISTS: dict[str, Callable[[Session, int], Any]] = {
    "products": lambda session, shop_id: queries.list_products(session, shop_id, search="mug"),
    "queue": queries.list_queue,
    "vendors": vendors.list_vendors,
    "emails": lambda session, shop_id: emails.list_emails(session, shop_id, search="mug"),
    "csv": lambda session, shop_id: list(exports.write_csv(session, shop_id, 1)),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_longer_list_asks_no_more_questions(name: str, acme: Shop, ada: Vendor) -> None:
    costs = []
    for more in (2, 20):
        add_products(acme, ada, more)
        with db.scoped(acme.id) as session, counted() as asked:
            LISTS[name](session, acme.id)
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 5


def test_the_export_holds_what_the_search_found(acme: Shop, ada: Vendor) -> None:
    add_products(acme, ada, 3)
    with db.scoped(acme.id) as session:
        session.execute(update(Variant).where(Variant.product_id == 3).values(sku="BLUE-1"))
        found = list(exports.write_csv(session, acme.id, ada.id, search="blue"))
        assert [line.split(",")[0] for line in found] == ["Product", "Mug 2"]


def test_lists_show_a_vendor_only_their_own(acme: Shop, ada: Vendor, bea: Vendor, zenith: Shop, cy: Vendor) -> None:
    add_products(acme, ada, 2)
    add_products(acme, bea, 3)
    add_products(zenith, cy, 4)
    with db.scoped(acme.id, ada.id) as session:
        # Even asked for the whole shop, or for another vendor, the database gives only hers.
        assert queries.list_products(session, acme.id).total == 2
        assert queries.list_products(session, acme.id, vendor_id=bea.id).total == 0
        assert queries.list_products(session, zenith.id).total == 0
    with db.scoped(acme.id) as session:
        assert queries.list_products(session, acme.id).total == 5


def test_searching_finds_titles_skus_and_vendors_but_no_wildcards(acme: Shop, ada: Vendor) -> None:
    add_products(acme, ada, 2)
    with db.scoped(acme.id) as session:
        assert queries.list_products(session, acme.id, search="MUG 1").total == 1
        assert queries.list_products(session, acme.id, search="ceramics").total == 2
        assert queries.list_products(session, acme.id, search="%").total == 0
