"""The six invariants of the books, of rows that were really posted: random lives of orders in the development store,
their news shuffled and partly doubled, and payouts made, settled, called off and returned between any two of them.
"""

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app import clock, db
from app.ledger.rules import VENDOR_BALANCES, Account
from app.models.events import InboxEvent
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order
from app.models.payouts import Payout, PayoutEntry, PayoutState
from app.models.products import Product, ProductStatus
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor
from app.orders.service import release_due_holds
from app.payouts import moves, queries, service
from app.payouts.checks import check_books
from app.vendors.payout_details import PayoutDetails, change_payout_details
from devstore.orders.documents import get_order
from devstore.orders.standing import paid_back, paid_in
from devstore.store import Doc, Store
from tests.conftest import make_vendor
from tests.devstore.orders.cast import ACME, product
from tests.orders.lives import GOODS, Life, lives, play, shuffle
from webhooks.handlers.orders import READERS, handle_together

_WANTED = os.environ.get("STALLKEEPER_HISTORIES")
_TOGETHER = 10
"""So many orders share a marketplace, its payouts and its batches of news."""
profile = settings(
    max_examples=max(1, int(_WANTED or 30) // _TOGETHER),
    deadline=None,
    derandomize=_WANTED is None,
    database=None,
    suppress_health_check=list(HealthCheck),
    # Each costs a second: a night's failure is shrunk by whoever looks at it, with its seed.
    phases=(Phase.explicit, Phase.generate) if _WANTED else tuple(Phase),
)
Books = dict[tuple[int, str, str | None], int]
"""Of each order (Shopify's number), by account ("vendor" for all stages of a vendor's money) and vendor's name."""
_numbers = itertools.count(1)


class Market:
    """A shop whose vendors sell the store's goods, and its clock."""

    def __init__(self, goods: SimpleNamespace) -> None:
        with db.system() as session:
            domain = f"shop{next(_numbers)}.myshopify.com"
            shop = Shop(domain=domain, name="Shop", email="owner@example.com", currency="USD")
            session.add(shop)
            session.flush()
            session.add(ShopSettings(shop_id=shop.id))
        self.shop = shop
        self.vendors = [make_vendor(shop, name, f"{name}@example.com") for name in ("Ada", "Bea")]
        ada, bea = self.vendors
        with db.scoped(shop.id) as session:
            for name, vendor in (("mug", ada), ("vase", ada), ("loaf", bea)):
                gid = f"gid://shopify/Product/{getattr(goods, name)['id']}"
                shared = {"shop_id": shop.id, "vendor_id": vendor.id, "status": ProductStatus.PUBLISHED}
                session.add(Product(**shared, shopify_gid=gid, title=name))
            for vendor in self.vendors:
                row = session.get_one(Vendor, vendor.id)
                details = PayoutDetails("DE89370400440532013000", vendor.name)
                change_payout_details(session, row, details, actor="test")
                session.flush()
                row.payout_changed_at = None

    def hear(self, news: Sequence[Doc]) -> None:
        """One batch, as the inbox hands it over."""
        with db.scoped(self.shop.id) as session:
            told = [(each["body"].encode(), InboxEvent(shop_domain=ACME, topic=each["topic"])) for each in news]
            handle_together(session, self.shop.id, told)

    def release(self) -> None:
        with db.scoped(self.shop.id) as session:
            for order_id in session.scalars(select(Order.id).where(Order.shop_id == self.shop.id)).all():
                release_due_holds(session, self.shop.id, order_id)

    def pay(self, ends: Sequence[str]) -> None:
        """Everybody who can be paid now, and how that goes on: step by step, each a named action."""
        with db.scoped(self.shop.id) as session:
            shop = session.get_one(Shop, self.shop.id)
            if all(row.obstacle for row in queries.preview(session, shop)):
                return
            batch = service.open_batch(session, shop, None, actor="staff:1")
            payouts = session.scalars(select(Payout.id).where(Payout.batch_id == batch.id)).all()
        for action in ends:
            with db.scoped(self.shop.id) as session:
                moves.move_all(session, self.shop.id, payouts, action, actor="staff:1", reason="As the test has it")

    def books(self) -> Books:
        names = {vendor.id: vendor.name for vendor in self.vendors}
        found: Books = {}
        with db.scoped(self.shop.id) as session:
            rows = session.execute(
                select(Order.shopify_id, LedgerEntry.account, LedgerEntry.vendor_id, func.sum(LedgerEntry.amount_minor))
                .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
                .join(Order, Order.id == LedgerTransaction.order_id)
                .group_by(Order.shopify_id, LedgerEntry.account, LedgerEntry.vendor_id)
            )
            for number, account, vendor_id, amount in rows:
                kind = "vendor" if Account(account) in VENDOR_BALANCES else account
                key = (number, kind, names[vendor_id] if vendor_id else None)
                found[key] = found.get(key, 0) + int(amount)
        return {key: amount for key, amount in found.items() if amount}

    def count_postings(self) -> int:
        with db.scoped(self.shop.id) as session:
            return session.scalar(select(func.count()).select_from(LedgerTransaction)) or 0


ENDINGS = (
    ("approve", "pay_by_hand", "settle"),
    ("approve", "pay_by_hand", "settle"),
    ("pay_by_hand", "undo", "pay_by_hand"),
    ("approve", "make_file", "mark_sent", "settle", "fail"),
    ("hold", "release", "cancel"),
    ("approve",),
    (),
)
_PAYDAY = (600, ENDINGS[0], 21)
"""In every history somebody is paid, whatever else is drawn."""
payouts = st.lists(st.tuples(st.integers(0, 999), st.sampled_from(ENDINGS), st.integers(0, 30)), min_size=1, max_size=3)


@contextmanager
def moving_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The days that the marketplace's clock is ahead, to be added to."""
    ahead, real = [0], clock.now
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: real() + timedelta(days=sum(ahead)))
        yield ahead


@pytest.fixture
def goods(store: Store) -> SimpleNamespace:
    """As much of everything as ten thousand orders want."""
    prices = {"mug": ("5.00", "Ada"), "vase": ("33.33", "Ada"), "loaf": ("10.00", "Bea"), "bag": ("2.00", "Acme")}
    made = {
        name: product(store, name, price, vendor=vendor, sku=name.upper(), stock=10**7)
        for name, (price, vendor) in prices.items()
    }
    assert tuple(made) == GOODS
    return SimpleNamespace(**made)


def test_the_books_hold_whatever_happens_between_payouts(
    database: str, store: Store, goods: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {"posted": 0, "paid": 0}

    @profile
    @given(st.lists(lives, min_size=_TOGETHER, max_size=_TOGETHER), payouts, st.integers(0, 2**32))
    def history(drawn: list[Life], paydays: list[tuple[int, tuple[str, ...], int]], seed: int) -> None:
        last = max((sent["id"] for sent in store.all(ACME, "webhook_delivery")), default=0)
        numbers = {play(store, goods, life): life for life in drawn}
        news = _told_since(store, last)
        arriving = shuffle(news, seed)
        market, calm = Market(goods), Market(goods)
        with moving_clock(monkeypatch) as ahead:
            begun = 0
            for place, ending, days in sorted([*paydays, _PAYDAY]):
                until = len(arriving) * place // 1000
                if until > begun:
                    market.hear(arriving[begun:until])
                begun = max(begun, until)
                ahead.append(days)
                market.release()
                market.pay(ending)
            market.hear(arriving[begun:])
            calm.hear(news)
            ahead.append(30)
            market.release()
            calm.release()
            _look(store, market, numbers)
            posted = market.count_postings()
            market.hear(news)
            assert market.count_postings() == posted, "a replay must find nothing to post"
            assert market.books() == calm.books(), "another order of arrival, and payouts, must make no difference"
        seen["posted"] += posted
        with db.scoped(market.shop.id) as session:
            seen["paid"] += session.scalar(select(func.count()).where(Payout.state == PayoutState.SETTLED)) or 0

    history()
    assert seen["posted"] > 100
    assert seen["paid"], "the histories must pay somebody"


def _told_since(store: Store, last: int) -> list[Doc]:
    sent = sorted(store.all(ACME, "webhook_delivery"), key=lambda each: each["id"])
    told = [each for each in sent if each["id"] > last and each["topic"] in READERS]
    for each in sent:
        store.delete(ACME, "webhook_delivery", each["id"])
    return told


def _look(store: Store, market: Market, numbers: dict[int, Life]) -> None:
    books = market.books()
    for number, life in numbers.items():
        order = get_order(store, ACME, number)
        mine = {(account, who): amount for (of, account, who), amount in books.items() if of == number}
        assert sum(mine.values()) == 0
        assert -mine.get((Account.CUSTOMER_RECEIPTS, None), 0) == paid_in(order) - paid_back(order), life
        told_by_bank = any(dispute["status"] not in {"won", "prevented"} for dispute in order.get("disputes", []))
        if life.ends_whole and paid_in(order) == paid_back(order) and not told_by_bank:
            assert mine == {}, f"who gave everything back leaves nobody with anything: {life}"
    _look_at_payouts(market)
    with db.scoped(market.shop.id) as session:
        report = check_books(session, session.get_one(Shop, market.shop.id))
    wrong = [finding for finding in report.findings if finding.check != "flags"]
    assert not wrong, wrong


def _look_at_payouts(market: Market) -> None:
    """Straight from the rows, without the queries that the app itself uses."""
    with db.scoped(market.shop.id) as session:
        uneven = select(LedgerEntry.transaction_id).group_by(LedgerEntry.transaction_id)
        assert session.scalars(uneven.having(func.sum(LedgerEntry.amount_minor) != 0)).all() == []
        claimed = select(PayoutEntry.payout_id, func.sum(LedgerEntry.amount_minor)).join(
            LedgerEntry, LedgerEntry.id == PayoutEntry.entry_id
        )
        sums = dict(session.execute(claimed.group_by(PayoutEntry.payout_id)).all())
        assert sums == {payout.id: payout.amount_minor for payout in session.scalars(select(Payout))}
        twice = select(PayoutEntry.entry_id).where(PayoutEntry.released_at.is_(None)).group_by(PayoutEntry.entry_id)
        assert session.scalars(twice.having(func.count() > 1)).all() == []
        paid = select(func.coalesce(func.sum(LedgerEntry.amount_minor), 0)).where(
            LedgerEntry.account == Account.PAID_OUT
        )
        left = select(func.coalesce(func.sum(Payout.amount_minor), 0)).where(
            Payout.state.in_((PayoutState.SENT, PayoutState.SETTLED))
        )
        assert session.scalar(paid) == session.scalar(left)
