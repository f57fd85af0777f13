"""The books' self-check finds what it is there to find, and the operator's commands say it."""

from types import SimpleNamespace

from click.testing import CliRunner
from sqlalchemy import select, text

from app import db
from app.cli import group
from app.models.orders import Order
from app.models.shops import Shop
from app.payouts.checks import check_books
from devstore.store import Store
from tests.devstore.orders.cast import buy
from tests.orders.conftest import Post


def test_books_that_hold_are_said_to_hold(goods: SimpleNamespace, store: Store, post: Post, acme: Shop) -> None:
    buy(store, (goods.mug, 1), (goods.loaf, 2))
    post.deliver()
    with db.scoped(acme.id) as session:
        report = check_books(session, session.get_one(Shop, acme.id))
    assert report.holds
    assert report.orders == 1
    answer = CliRunner().invoke(group, ["books", "check"])
    assert answer.exit_code == 0, answer.output
    assert "1 orders" in answer.output
    explained = CliRunner().invoke(group, ["books", "explain", "acme.myshopify.com", "1001"])
    assert "Order #1001" in explained.output
    assert "Commission on 5.00 USD: -0.50 USD" in explained.output


def test_an_entry_slipped_past_the_program_is_found(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    buy(store, (goods.mug, 1))
    post.deliver()
    with db.get_engine().begin() as owner:
        owner.execute(text("SET LOCAL session_replication_role = replica"))
        owner.execute(text("UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE account = 'commission'"))
    with db.scoped(acme.id) as session:
        report = check_books(session, session.get_one(Shop, acme.id))
    assert {finding.check for finding in report.findings} == {"postings", "orders"}
    assert CliRunner().invoke(group, ["books", "check"]).exit_code == 1


def test_a_quick_check_looks_at_the_newest_orders_and_says_how_many_it_left_out(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    for _ in range(3):
        buy(store, (goods.mug, 1))
    post.deliver()
    with db.scoped(acme.id) as session:
        first = session.scalars(select(Order).order_by(Order.id).limit(1)).one()
        first.flags = ["Somebody must look at this."]
    with db.scoped(acme.id) as session:
        shop = session.get_one(Shop, acme.id)
        quick, whole = check_books(session, shop, newest=1), check_books(session, shop)
    assert (quick.orders, quick.skipped) == (2, 1)
    assert (whole.orders, whole.skipped) == (3, 0)
    assert quick.holds
