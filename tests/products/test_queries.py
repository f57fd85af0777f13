"""Lists cost the same number of questions however long they are, and show nobody anything that is not theirs."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from app import db
from app.emails import queries as emails
from app.emails.service import queue_email
from app.keyset import Part, Place
from app.models.products import Product, ProductImage, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import exports, listing, review_list, service
from app.products.listing import Wanted
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
    "products": lambda session, shop_id: listing.list_products(session, shop_id, Wanted(search="mug")),
    "queue": lambda session, shop_id: review_list.list_waiting(session, shop_id, review_list.Wanted()),
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
        assert count(session, acme) == 2
        assert count(session, acme, vendor_id=bea.id) == 0
        assert count(session, zenith) == 0
    with db.scoped(acme.id) as session:
        assert count(session, acme) == 5


def test_searching_finds_titles_skus_and_vendors_but_no_wildcards(acme: Shop, ada: Vendor) -> None:
    add_products(acme, ada, 2)
    with db.scoped(acme.id) as session:
        assert count(session, acme, search="MUG 1") == 1
        assert count(session, acme, search="ceramics") == 2
        assert count(session, acme, search="%") == 0


SORTED_BY: dict[str, Callable[[listing.Row], Any]] = {
    "updated": lambda row: (row.product.updated_at, row.product.id),
    "newest": lambda row: row.product.id,
    "title": lambda row: (row.product.title.lower(), row.product.id),
    "cheapest": lambda row: (row.price_from.minor if row.price_from else 0, row.product.id),
    "least_stock": lambda row: (row.stock, row.product.id),
}
DESCENDING = {"updated", "newest", "dearest", "most_stock"}
MIRRORED = {"dearest": "cheapest", "most_stock": "least_stock"}


@pytest.mark.parametrize("sort", [*SORTED_BY, *MIRRORED])
def test_a_list_in_parts_shows_each_product_once_in_its_order_and_back_again(
    sort: str, acme: Shop, ada: Vendor
) -> None:
    add_products(acme, ada, 8)
    with db.scoped(acme.id) as session:
        for variant in session.scalars(select(Variant)):
            variant.price_minor, variant.stock = 100 * (variant.id % 3), variant.id % 2
    key = SORTED_BY[MIRRORED.get(sort, sort)]
    with db.scoped(acme.id) as session:

        def read(after: str | None = "", before: str | None = "") -> Part[listing.Row]:
            place = Place(after or "", before or "")
            return listing.list_products(session, acme.id, Wanted(sort=sort), place, limit=3)

        first = read()
        second = read(after=first.after)
        third = read(after=second.after)
        seen = [*first.rows, *second.rows, *third.rows]
        assert seen == sorted(seen, key=key, reverse=sort in DESCENDING)
        assert len({row.product.id for row in seen}) == 8
        assert (first.before, third.after) == (None, None)
        back = read(before=third.before)
        assert back.rows == second.rows
        assert read(before=back.before).rows == first.rows
        assert read(before=back.before).before is None


def test_the_next_part_begins_where_the_last_ended_although_its_row_has_moved(acme: Shop, ada: Vendor) -> None:
    add_products(acme, ada, 4)
    with db.scoped(acme.id) as session:
        first = listing.list_products(session, acme.id, Wanted(), limit=2)
        first.rows[-1].product.title = "Changed now, so it stands on top"
    with db.scoped(acme.id) as session:
        then = listing.list_products(session, acme.id, Wanted(), Place(first.after or ""), limit=2)
    assert [row.product.title for row in then.rows] == ["Mug 1", "Mug 0"]


def test_a_part_whose_rows_have_gone_shows_the_beginning_and_a_walk_does_not_begin_again(
    acme: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_products(acme, ada, 3)
    monkeypatch.setattr(listing, "_AT_ONCE", 2)
    with db.scoped(acme.id) as session:
        first = listing.list_products(session, acme.id, Wanted(sort="newest"), limit=2)
        walked = listing.walk(session, acme.id, Wanted(sort="newest"))
        seen = [next(walked).product.id, next(walked).product.id]
        session.execute(update(Product).where(Product.id == 1).values(status="archived"))
        again = listing.list_products(session, acme.id, Wanted(sort="newest"), Place(first.after or ""), limit=2)
        assert [row.product.id for row in again.rows] == [3, 2]
        assert (again.before, again.after) == (None, None)
        assert seen + [row.product.id for row in walked] == [3, 2]


def test_the_longest_title_is_a_place_to_go_on_from(acme: Shop, ada: Vendor) -> None:
    add_products(acme, ada, 3)
    with db.scoped(acme.id) as session:
        for product in session.scalars(select(Product)):
            product.title = chr(1) * 10 + "\N{HONEY POT}" * 244 + str(product.id)
    with db.scoped(acme.id) as session:
        first = listing.list_products(session, acme.id, Wanted(sort="title"), limit=2)
        then = listing.list_products(session, acme.id, Wanted(sort="title"), Place(first.after or ""), limit=2)
        assert [row.product.id for row in (*first.rows, *then.rows)] == [1, 2, 3]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIiwgImIiLCAiYyJd", "bnVsbA", "é" * 2000])
def test_a_cursor_that_says_nothing_shows_the_beginning(cursor: str, acme: Shop, ada: Vendor) -> None:
    add_products(acme, ada, 2)
    with db.scoped(acme.id) as session:
        for sort in ("title", "cheapest"):
            for after, before in ((cursor, ""), ("", cursor)):
                found = listing.list_products(session, acme.id, Wanted(sort=sort), Place(after, before))
                assert len(found.rows) == 2
                assert found.before is None


def forge(raw: str) -> str:
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


FORGED = ['["a\\u0000", 1]', f'["a", {2**63}]', f"[{-(2**63) - 1}, 1]", f"[{2**63}]", "[1, 1]", "[" * 700]


def test_a_cursor_with_what_no_column_holds_shows_the_beginning(acme: Shop, ada: Vendor) -> None:
    add_products(acme, ada, 1)
    with db.scoped(acme.id) as session:
        for sort, raw in product(("title", "cheapest", "newest", "updated"), FORGED):
            if (sort, raw) != ("cheapest", "[1, 1]"):
                found = listing.list_products(session, acme.id, Wanted(sort=sort), Place(forge(raw)))
                assert [row.product.title for row in found.rows] == ["Mug 0"], (sort, raw)


def count(session: Session, shop: Shop, **wanted: Any) -> int:
    """As the rows say, and as the number above them says."""
    asked = Wanted(**wanted)
    page = listing.list_products(session, shop.id, asked)
    assert page.total == len(page.rows)
    return page.total
