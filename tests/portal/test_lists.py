"""What each list of the vendor pages promises, as a table; and that the page keeps it.

A list that is not in the table fails the last test, so that nobody forgets to say what it has.
"""

from datetime import date, timedelta
from typing import Final, NamedTuple

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import clock, db, web
from app.models.codes import QrCode
from app.models.customer_questions import Question, QuestionState
from app.models.messages import Author, OrderMessage, OrderThread
from app.models.notices import Notice
from app.models.orders import VendorOrder
from app.models.payouts import FeeInvoice, Payout, PayoutBatch
from app.models.products import ImportStatus, Product, ProductImport, ProductImportRow, ProductStatus, Variant
from app.models.reviews import ReviewState, VendorReview
from app.models.vendors import Vendor
from tests.apps import get_app
from tests.portal.booked import add_order
from tests.portal.conftest import signed_in

FEW: Final = "never more than a handful"


class Promised(NamedTuple):
    """What a list has. `filters`: names of its selects or tabs; `sorts`: in how many orders; `bulk`: what can be done
    with ticked rows, by its address.
    """

    file: str
    filters: tuple[str, ...] = ()
    sorts: int = 0
    bulk: tuple[str, ...] = ()
    searched: str = "1"
    """A word that some rows hold, and others do not."""


LISTS: Final = {
    "/portal/products": Promised("export.csv", ("status",), 7, ("/portal/products",), "Bowl 1"),
    "/portal/orders": Promised(
        "export.csv", ("days", "status"), 4, ("/packing-slips", "/pick-list", "/portal/orders/ship")
    ),
    "/portal/orders?status=to_ship": Promised("export.csv", ("days", "status"), 4, ("/portal/orders/ship",)),
    "/portal/orders/messages": Promised("export.csv", ("show",), 2, searched="Word 1"),
    "/portal/money/movements": Promised("/portal/money/export.csv", ("kind", "days")),
    "/portal/money/holds": Promised("export.csv", (), 2),
    "/portal/money/payouts": Promised("export.csv", ("state", "year"), 3, ("/statements.zip",)),
    "/portal/money/invoices": Promised("export.csv", ("month",), 2, ("/papers.zip",)),
    "/portal/reviews": Promised("export.csv", ("show", "stars"), 3, searched="Good 1"),
    "/portal/customer-questions": Promised("export.csv", ("show",), 3, searched="Dishwasher 1"),
    "/portal/codes": Promised("export.csv", ("state",), 4, ("/sheet", "/files.zip", "/away"), "Stall 1"),
    "/portal/notices": Promised("export.csv", ("topic",)),
    "/portal/products/import": Promised("export.csv", ("status",), searched="file 1"),
    "/portal/products/import/{import_id}": Promised("", ("show",), searched="Row 1"),
}
WITHOUT: Final = {
    "/portal": "shows the newest of lists that have pages of their own",
    "/portal/products/figures": "a ranking: searched, sorted and a file (tests/journey), but only its first rows",
    "/portal/money": "shows the newest of lists that have pages of their own",
    "/portal/staff": FEW,
    "/portal/api": FEW,
    "/portal/more": FEW,
    "/portal/security": FEW,
    "/portal/orders/ship": "a form: all that waits, at most a hundred, to be sent together",
    "/portal/profile/languages": FEW,
}
"""Pages with a list that needs none of it, and why."""


MANY: Final = 55
"""More than the longest page."""


@pytest.fixture
def portal(ada: Vendor) -> FlaskClient:
    return signed_in(get_app(), ada)


@pytest.fixture
def import_id(ada: Vendor) -> int:
    """The number of a file with MANY rows; of everything else there are as many, too."""
    parts = [add_order(ada, number, 1000 + number) for number in range(MANY)]
    mine = {"shop_id": ada.shop_id, "vendor_id": ada.id}
    file = {"status": ImportStatus.DONE, "headings": ["Title"], "sent_by": "system", **mine}
    with db.scoped(ada.shop_id) as session:
        session.add(rows := ProductImport(filename="rows.csv", **file))
        session.flush()
        for number, part_id in enumerate(parts):
            session.add(ProductImport(filename=f"file {number}.csv", **file))
            row = {
                "position": number,
                "title": f"Row {number}",
                "action": ("bad", "same")[number % 2],
                "lines": [[number, ["x"]]],
                "item": {},
            }
            session.add(ProductImportRow(import_id=rows.id, **row, **mine))
            session.add(bowl := Product(title=f"Bowl {number}", status=ProductStatus.PUBLISHED, **mine))
            session.flush()
            session.add(Variant(product_id=bowl.id, price_minor=900 - number, currency="USD", stock=number, **mine))
            session.add(QrCode(code=f"code{number}", name=f"Stall {number}", **mine))
            session.add(Question(key=f"k{number}", words=f"Dishwasher {number}?", state=QuestionState.OPEN, **mine))
            session.add(batch := PayoutBatch(shop_id=ada.shop_id, number=number, currency="USD", created_by="system"))
            session.flush()
            session.add(Payout(batch_id=batch.id, **_payout(number), **mine))
            session.add(FeeInvoice(**_invoice(number), **mine))
            told = {"topic": "orders", "kind": "PaymentReceived", "place": "/portal/orders", "about": f"#{number}"}
            session.add(Notice(event_id=number, **told, **mine))
            _add_talk(session, ada, part_id, number)
        return rows.id


def _payout(number: int) -> dict[str, object]:
    account = {"account": b"x", "holder": b"x", "last4": "3000", "rail_key": f"key-{number}"}
    return {"reference": f"SK-{number}", "amount_minor": 500 - number, "currency": "USD", **account}


def _invoice(number: int) -> dict[str, object]:
    period = {"period_from": date(2026, 11, 1), "period_to": date(2026, 11, 19), "issued_at": clock.now()}
    money = {"currency": "USD", "net_minor": 100, "tax_minor": 0, "parties": b"x"}
    return {"sequence": number + 1, "number": f"F-{number}", "kind": "invoice", **money, **period}


def _add_talk(session: Session, vendor: Vendor, part_id: int, number: int) -> None:
    """A day on which its money is released, a review, and a message about an order."""
    mine = {"shop_id": vendor.shop_id, "vendor_id": vendor.id}
    part = session.get_one(VendorOrder, part_id)
    part.next_release_at = clock.now() + timedelta(days=number + 1)
    said = {"stars": number % 5 + 1, "words": f"Good {number}", "written_at": clock.now() - timedelta(days=number)}
    session.add(VendorReview(vendor_order_id=part_id, state=ReviewState.PUBLISHED, **said, **mine))
    about = {"part_id": part_id, "order_shopify_id": part.order_shopify_id, "token": f"t{number}"}
    session.add(thread := OrderThread(last_at=clock.now() - timedelta(hours=number), **about, **mine))
    session.flush()
    session.add(OrderMessage(thread_id=thread.id, author=Author.CUSTOMER, body=f"Word {number}", **mine))


def read(portal: FlaskClient, address: str) -> BeautifulSoup:
    answer = portal.get(address)
    assert answer.status_code == 200, address
    return BeautifulSoup(answer.text, "html.parser")


def rows(page: BeautifulSoup) -> list[str]:
    """The words of each row, without what is in its boxes."""
    found = page.select("main table.data tbody tr") or page.select("main section.card[id]")
    return [" ".join(row.get_text(" ").split()) for row in found or page.select("main .list-links li")]


def options(page: BeautifulSoup, name: str) -> list[str]:
    """What a select of the filters offers, or the links of tabs do."""
    chosen = page.select(f'.filters select[name="{name}"] option')
    return [str(one["value"]) for one in chosen] or [str(a["href"]) for a in page.select(f'nav a[href*="{name}="]')]


def asking(address: str, query: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{query}"


@pytest.mark.parametrize("list_", LISTS)
def test_a_list_keeps_what_is_promised_for_it(list_: str, portal: FlaskClient, import_id: int) -> None:
    address, promised = list_.format(import_id=import_id), LISTS[list_]
    page = read(portal, address)
    everything = rows(page)
    assert all(len(options(page, name)) > 1 for name in promised.filters), "filters"
    # Search, kept in the address; and the way back when nothing is found.
    found = rows(read(portal, asking(address, f"q={promised.searched}")))
    assert 0 < len(found) < len(everything)
    assert read(portal, asking(address, "q=no-such-thing")).select("main .empty a.button"), "a way back"
    # Every order is another one.
    orders = options(page, "sort")
    assert len(orders) == promised.sorts
    shown = {tuple(rows(read(portal, asking(address, f"sort={order}")))) for order in orders}
    assert len(shown) > 1 or not orders
    # The next part shows other rows, and the address keeps the rest.
    chosen = f"sort={orders[-1]}" if orders else "days=" if "days" in promised.filters else "q="
    first = read(portal, asking(address, chosen))
    (after,) = first.select('a[rel="next"]')
    assert chosen in str(after["href"]) or not orders
    second = read(portal, str(after["href"]))
    assert rows(second)
    assert not set(rows(second)) & set(rows(first))
    assert second.select('nav.pagination a[href*="before="], nav.pagination a:not([href*="before="])'), "the way back"
    # Ticked rows.
    form = page.select_one("form#chosen, form#bulk")
    assert bool(form) == bool(promised.bulk)
    if form:
        ways = [str(form["action"]), *(str(one["formaction"]) for one in form.select("[formaction]"))]
        assert all(any(bulk in way for way in ways) for bulk in promised.bulk), ways
        assert len(form.select("tbody input[type=checkbox]")) == len(everything)
        assert form.select("tbody .beside") == [], "on a phone the tick stands there"
    # The file holds what is shown, and only that.
    if promised.file:
        (link,) = {str(a["href"]).partition("?")[0] for a in page.select(f'main a[href*="{promised.file}"]')}
        whole = portal.get(asking(link, address.partition("?")[2])).text.splitlines()
        few = portal.get(asking(link, f"q={promised.searched}")).text.splitlines()
        assert len(everything) < len(whole)
        assert 1 < len(few) < len(whole)


def test_an_empty_list_says_what_will_be_there(portal: FlaskClient) -> None:
    with_id = {path for path in LISTS if "{" in path}
    silent = [path for path in LISTS if path not in with_id and not read(portal, path).select("main .empty")]
    assert silent == ["/portal/products/import"], "which begins with the form that fills it"


def test_no_page_has_a_list_of_which_nothing_is_promised(portal: FlaskClient, import_id: int) -> None:
    assert import_id
    app = get_app()
    pages = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if web.door_of(rule.endpoint.rpartition(".")[0]) == "portal"
        and "GET" in (rule.methods or ())
        and not rule.arguments
    }
    known = {path.partition("?")[0] for path in LISTS} | set(WITHOUT)
    unsaid = []
    for path in sorted(pages - known):
        answer = portal.get(path, buffered=True)  # or an unread file would still be open beside the next request
        is_page = answer.status_code == 200 and answer.mimetype == "text/html"
        if is_page and BeautifulSoup(answer.text, "html.parser").select("main table.data"):
            unsaid.append(path)
    assert unsaid == []
    assert {path for path in WITHOUT if path not in pages} == set()
