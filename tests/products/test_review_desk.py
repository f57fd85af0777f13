"""Rules that approve by themselves, saved replies, and the promised time of an answer."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from psycopg import Cursor
from sqlalchemy import event, select, update

from app import clock, db
from app.errors import NotFound, ValidationErrors
from app.keyset import walk_parts
from app.models.approvals import ApprovalRule
from app.models.commissions import VendorGroup, VendorGroupMember
from app.models.events import AuditEntry
from app.models.products import Product, ProductProposal, ProductStatus
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.products import approval_queries, approvals, proposals, replies, review_list, service
from app.products.approval_rules import Conditions
from app.products.review_list import Wanted

STAFF = "staff:1"


def add_product(shop: Shop, vendor: Vendor, title: str, status: ProductStatus, price: int = 1000) -> int:
    with db.scoped(shop.id) as session:
        product = service.create_draft(session, shop, vendor, title, actor="vendor_user:1")
        product.status, product.submitted_at = status, clock.now()
        product.shopify_gid, product.description_html = f"gid://shopify/Product/{product.id}", "<p>Fine.</p>"
        service.list_variants(session, product)[0].price_minor = price
        return product.id


def add_rule(shop: Shop, name: str, conditions: Conditions, *, is_on: bool = True) -> int:
    with db.scoped(shop.id) as session:
        return approvals.save_rule(session, shop.id, None, name, conditions, is_on=is_on, actor=STAFF).id


def arrive(shop: Shop, product_id: int) -> tuple[bool, str | None]:
    """(approved, the reason in the history) of a product that Shopify has made."""
    with db.scoped(shop.id) as session:
        service.begin_review(session, service.lock_product(session, shop.id, product_id))
    with db.scoped(shop.id) as session:
        told = select(AuditEntry.reason).where(
            AuditEntry.action == "product.approve", AuditEntry.subject_id == product_id
        )
        return session.get_one(Product, product_id).reviewed_at is not None, session.scalar(told)


def test_a_rule_approves_what_fits_and_stands_in_the_history(acme: Shop, ada: Vendor, bea: Vendor) -> None:
    add_rule(acme, "Off", Conditions(), is_on=False)
    add_rule(acme, "Ada's cheap things", Conditions(vendor_ids=frozenset({ada.id}), price_to=1000))
    submitted = ProductStatus.SUBMITTED
    cheap, dear = add_product(acme, ada, "Cup", submitted), add_product(acme, ada, "Urn", submitted, 9000)
    beas = add_product(acme, bea, "Bread", submitted)
    assert arrive(acme, cheap) == (True, "By rule 2: Ada's cheap things")
    assert arrive(acme, dear) == (False, None)
    assert arrive(acme, beas) == (False, None)


def test_prices_of_a_rule_stay_in_the_currency_in_which_they_were_written(
    acme: Shop, ada: Vendor, merchant: FlaskClient
) -> None:
    fields = {"name": "Up to ten dollars", "is_on": "on", "kind": "any", "price_to": "10.00"}
    assert merchant.post("/app/review/rules/new", data=fields).status_code == 200
    with db.scoped(acme.id) as session:
        rule = session.scalars(select(ApprovalRule)).one()
        shop = session.get_one(Shop, acme.id)
        shop.currency = "JPY"
    cup = add_product(shop, ada, "Cup", ProductStatus.SUBMITTED, 1000)
    assert arrive(acme, cup) == (False, None), "1,000 yen are no 10.00 dollars"
    assert "up to $10.00" in merchant.get("/app/review/rules").text
    path = f"/app/review/rules/{rule.id}"
    page = merchant.get(path).text
    assert ('suffix="USD"' in page, "These prices are in USD. For prices in JPY, empty both" in page) == (True, True)
    assert merchant.post(path, data=fields | {"price_to": ""}).status_code == 200
    assert "These prices are in" not in merchant.get(path).text
    assert merchant.post(path, data=fields | {"price_to": "1000"}).status_code == 200
    assert "up to ¥1,000" in merchant.get("/app/review/rules").text
    assert arrive(acme, add_product(shop, ada, "Mug", ProductStatus.SUBMITTED, 1000))[0]


def test_prices_without_a_currency_are_compared_in_any_until_the_rule_is_saved(
    acme: Shop, ada: Vendor, merchant: FlaskClient
) -> None:
    """As a program of before saves them during an upgrade."""
    number = add_rule(acme, "Cheap", Conditions(price_to=1000))
    assert arrive(acme, add_product(acme, ada, "Cup", ProductStatus.SUBMITTED, 1000))[0]
    fields = {"name": "Cheap", "is_on": "on", "kind": "any", "price_to": "10.00"}
    assert merchant.post(f"/app/review/rules/{number}", data=fields).status_code == 200
    with db.scoped(acme.id) as session:
        assert session.get_one(ApprovalRule, number).conditions["price_currency"] == "USD"


@pytest.mark.parametrize(
    ("typed", "said"), [("some", "Enter a whole number, in digits."), ("101", "Choose between 0 and 100 %.")]
)
def test_a_price_change_that_is_no_percentage_is_refused_in_plain_words(
    acme: Shop, merchant: FlaskClient, typed: str, said: str
) -> None:
    answer = merchant.post("/app/review/rules/new", data={"name": "Small", "kind": "edit", "most_move": typed})
    assert answer.status_code == 422
    assert f'error="{said}"' in answer.text


@pytest.mark.parametrize("in_group", [True, False])
def test_an_edit_is_judged_in_its_vendors_own_transaction_by_the_vendors_groups(
    acme: Shop, ada: Vendor, bea: Vendor, *, in_group: bool
) -> None:
    with db.scoped(acme.id) as session:
        group = VendorGroup(shop_id=acme.id, name="Trusted")
        session.add(group)
        session.flush()
        member = ada if in_group else bea
        session.add(VendorGroupMember(group_id=group.id, vendor_id=member.id, shop_id=acme.id))
        group_id = group.id
    fields = frozenset({"title"})
    add_rule(acme, "Titles", Conditions(kind="edit", group_ids=frozenset({group_id}), fields=fields))
    product_id = add_product(acme, ada, "Cup", ProductStatus.PUBLISHED)
    with db.scoped(acme.id, ada.id) as session:
        product = service.lock_product(session, acme.id, product_id, vendor_id=ada.id)
        outcome = proposals.propose(session, product, {"title": "Mug"}, actor="vendor_user:1")
    assert (outcome.at_once, outcome.waiting) == ((1, 0) if in_group else (0, 1))
    with db.scoped(acme.id) as session:
        assert session.scalars(select(ProductProposal)).one().decided_by == ("system" if in_group else None)


def test_a_rule_says_what_it_would_have_done(acme: Shop, ada: Vendor, bea: Vendor) -> None:
    add_product(acme, ada, "Cup", ProductStatus.PUBLISHED)
    add_product(acme, ada, "Bad cup", ProductStatus.REJECTED)
    add_product(acme, bea, "Bread", ProductStatus.IN_REVIEW)
    add_product(acme, bea, "Draft", ProductStatus.DRAFT)
    add_rule(acme, "Ada", Conditions(vendor_ids=frozenset({ada.id})))
    add_rule(acme, "All", Conditions(price_to=5000))
    with db.scoped(acme.id) as session:
        sent = approval_queries.list_sent(session, acme.id)
        total, each = approval_queries.forecast(approvals.list_rules(session, acme.id), sent)
    assert (len(sent), total.approved, total.turned_down) == (4, 4, 1)
    assert [(f.approved, f.turned_down) for f in each.values()] == [(2, 1), (2, 0)]


def test_rules_change_places_and_close_gaps(acme: Shop, zenith: Shop) -> None:
    first, second, third = (add_rule(acme, name, Conditions()) for name in "abc")
    with db.scoped(acme.id) as session:
        approvals.move_rule(session, acme.id, third, -1, actor=STAFF)
        approvals.move_rule(session, acme.id, first, -1, actor=STAFF)
        approvals.remove_rule(session, acme.id, first, actor=STAFF)
        assert [(rule.name, rule.position) for rule in approvals.list_rules(session, acme.id)] == [("c", 1), ("b", 2)]
    with db.scoped(zenith.id) as session, pytest.raises(NotFound):
        approvals.get_rule(session, zenith.id, second)


def test_a_saved_reply_names_the_vendor_and_the_product(acme: Shop, ada: Vendor) -> None:
    with db.scoped(acme.id) as session:
        replies.save_reply(session, acme.id, None, "Photo", "Hello {vendor}, {product} needs light. {x}", actor=STAFF)
        with pytest.raises(ValidationErrors) as refused:
            replies.save_reply(session, acme.id, None, " ", "", actor=STAFF)
        assert set(refused.value.errors) == {"title", "body"}
        [reply] = replies.list_filled(session, acme.id, vendor="Ada", product="{shop} {vendor}", shop="Acme")
    assert reply.words == "Hello Ada, {shop} {vendor} needs light. {x}"
    with db.scoped(acme.id, ada.id) as session:
        assert replies.list_replies(session, acme.id) == []


def test_the_queue_shows_what_is_overdue_and_is_put_in_order(acme: Shop, ada: Vendor, bea: Vendor) -> None:
    old = add_product(acme, bea, "Bread", ProductStatus.IN_REVIEW)
    add_product(acme, ada, "Cup", ProductStatus.IN_REVIEW)
    with db.scoped(acme.id) as session:
        session.execute(update(ShopSettings).values(review_days=2))
        ago = clock.now() - timedelta(days=3)
        session.execute(update(Product).where(Product.id == old).values(submitted_at=ago))

    def titles(**asked: str) -> list[str]:
        with db.scoped(acme.id) as session:
            page = review_list.list_waiting(session, acme.id, Wanted(**asked))  # type: ignore[arg-type]
            return [item.row.product.title for item in page.rows]

    assert titles() == ["Bread", "Cup"]
    assert titles(sort="newest") == titles(sort="vendor") == ["Cup", "Bread"]
    assert titles(kind="overdue") == ["Bread"]
    with db.scoped(acme.id) as session:
        session.execute(update(ShopSettings).values(review_days=0))
    assert titles(kind="overdue") == []


def test_the_queue_is_searched_among_products_and_edits(acme: Shop, ada: Vendor, bea: Vendor) -> None:
    add_product(acme, bea, "Bread", ProductStatus.IN_REVIEW)
    edited = add_product(acme, ada, "Cup", ProductStatus.PUBLISHED)
    with db.scoped(acme.id, ada.id) as session:
        product = service.lock_product(session, acme.id, edited, vendor_id=ada.id)
        proposals.propose(session, product, {"title": "Mug"}, actor="vendor_user:1")
    with db.scoped(acme.id) as session:
        found = {
            asked: [
                item.row.product.title for item in review_list.list_waiting(session, acme.id, Wanted(search=asked)).rows
            ]
            for asked in ("", "bre", "cup", bea.name, "100%")
        }
    assert found == {"": ["Bread", "Cup"], "bre": ["Bread"], "cup": ["Cup"], bea.name: ["Bread"], "100%": []}


def propose_title(shop: Shop, vendor: Vendor, product_id: int, title: str) -> None:
    with db.scoped(shop.id, vendor.id) as session:
        product = service.lock_product(session, shop.id, product_id, vendor_id=vendor.id)
        proposals.propose(session, product, {"title": title}, actor="vendor_user:1")


@pytest.mark.parametrize("sort", ["", "newest", "vendor"])
def test_the_queue_in_parts_is_the_queue_at_once(acme: Shop, ada: Vendor, bea: Vendor, sort: str) -> None:
    for number, vendor in enumerate((ada, bea, ada, bea, ada)):
        add_product(acme, vendor, f"New {number}", ProductStatus.IN_REVIEW)
        edited = add_product(acme, vendor, f"Old {number}", ProductStatus.PUBLISHED)
        propose_title(acme, vendor, edited, f"Better {number}")
    with db.scoped(acme.id) as session:
        session.execute(update(Product).where(Product.title == "New 0").values(submitted_at=None))
        wanted = Wanted(sort=sort)
        parts = walk_parts(lambda place: review_list.list_waiting(session, acme.id, wanted, place, limit=3))
        ticks = [item.tick for part in parts for item in part.rows]
        whole = review_list.list_waiting(session, acme.id, wanted)
        assert [item.tick for item in whole.rows] == ticks
        assert (len(ticks), whole.total) == (10, review_list.count_waiting(session, acme.id))
        if sort == "":
            assert whole.rows[-1].row.product.title == "New 0", "what has no date stands last"


def test_a_page_of_the_queue_reads_a_page_of_rows(acme: Shop, ada: Vendor) -> None:
    for number in range(9):
        add_product(acme, ada, f"New {number}", ProductStatus.IN_REVIEW)
        propose_title(acme, ada, add_product(acme, ada, f"Old {number}", ProductStatus.PUBLISHED), f"Better {number}")
    read: list[int] = []

    def note(_connection: object, cursor: Cursor, *_rest: object) -> None:
        read.append(cursor.rowcount)

    event.listen(db.get_engine(), "after_cursor_execute", note)
    try:
        with db.scoped(acme.id) as session:
            page = review_list.list_waiting(session, acme.id, Wanted(), limit=4)
            standing = review_list.find_standing(session, acme.id, page.rows[2].path, Wanted())
    finally:
        event.remove(db.get_engine(), "after_cursor_execute", note)
    assert max(read) == 5, "one more than is shown says whether there is more"
    assert (standing.place, standing.total) == (2, 18)
    assert (standing.before, standing.after) == (page.rows[1].path, page.rows[3].path)


def test_what_is_decided_leads_to_the_first_that_waits(acme: Shop, ada: Vendor) -> None:
    with db.scoped(acme.id) as session:
        assert review_list.find_standing(session, acme.id, "/app/review/1", Wanted()).after is None
    waiting = add_product(acme, ada, "Cup", ProductStatus.IN_REVIEW)
    with db.scoped(acme.id) as session:
        standing = review_list.find_standing(session, acme.id, "/app/review/999999", Wanted())
    assert (standing.place, standing.after) == (None, f"/app/review/{waiting}")


def test_the_way_on_keeps_to_what_the_list_showed(acme: Shop, ada: Vendor, bea: Vendor) -> None:
    first, _, last = (
        f"/app/review/{add_product(acme, vendor, title, ProductStatus.IN_REVIEW)}"
        for title, vendor in (("Cup", ada), ("Bread", bea), ("Mug", ada))
    )
    with db.scoped(acme.id) as session:
        of_ada = review_list.find_standing(session, acme.id, first, Wanted(vendor_id=ada.id))
        newest = review_list.find_standing(session, acme.id, last, Wanted(vendor_id=ada.id, sort="newest"))
        decided = review_list.find_standing(session, acme.id, "/app/review/999999", Wanted(search="mug"))
        nothing_left = review_list.find_standing(session, acme.id, "/app/review/999999", Wanted(kind="edit"))
    assert (of_ada.place, of_ada.total, of_ada.before, of_ada.after) == (0, 2, None, last)
    assert (newest.place, newest.total, newest.before, newest.after) == (0, 2, None, first)
    assert (decided.after, nothing_left.after) == (last, None)
