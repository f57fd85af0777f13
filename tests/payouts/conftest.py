"""PayPal and Stripe as the development store plays them, over real HTTP; and vendors who have earned something."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock, db
from app.config import get_config
from app.ledger.rules import Account, Entry, Posting
from app.ledger.service import post_once
from app.models.payouts import Payout, RailName
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.payouts import moves, service, settings
from app.payouts.checks import check_books
from app.vendors.payout_details import PayoutDetails, change_payout_details
from devstore import providers as fates
from devstore.config import Config
from devstore.faults import FAULTS
from devstore.server import create_app
from devstore.store import Store
from tests.servers import make_server

KEYS = {
    RailName.PAYPAL: {"client_id": "AeA1QIZXiflr1", "client_secret": "EC-secret"},
    RailName.STRIPE: {"secret_key": "sk_test_51H8ExampleKey"},
}
ACCOUNTS = {
    RailName.BANK: "DE89370400440532013000",
    RailName.PAYPAL: "ada.pay@example.com",
    RailName.STRIPE: "acct_1032D82eZvKYlo2C",
}


@dataclass
class Providers:
    """The simulators' switches, and what they hold."""

    site: Flask
    store: Store

    def decide(self, rail: str, fate: str, receiver: str | None = None) -> None:
        """How payments to `receiver` (Ada's account when not given, "*" for all) end from now on."""
        with self.site.app_context():
            fates.set_fate(rail, receiver or ACCOUNTS[RailName(rail)], fate)

    def fail_next(self, rail: str, kind: str, times: int = 1) -> None:
        FAULTS.add(rail, kind, times)

    def payments(self, rail: str) -> list[tuple[str, str]]:
        """What the provider has carried out: (amount, receiver)."""
        if rail == RailName.STRIPE:
            return [(str(t["amount"]), t["destination"]) for t in self.store.all("", "stripe_transfer")]
        items = [item["payout_item"] for batch in self.store.all("", "paypal_batch") for item in batch["items"]]
        return [(item["amount"]["value"].replace(".", ""), item["receiver"]) for item in items]


@pytest.fixture(scope="session")
def provider_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str]]:
    folder = tmp_path_factory.mktemp("providers")
    config = Config(0, {}, folder, "http://app.invalid", "key", "secret", {}, Path())
    site = create_app(config, Store(folder / "unused.sqlite3"))
    server = make_server("127.0.0.1", 0, site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield site, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def providers(provider_site: tuple[Flask, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Providers]:
    site, url = provider_site
    store = Store(tmp_path / "providers.sqlite3")
    site.extensions["devstore.store"] = store
    monkeypatch.setenv("PAYPAL_API_URL", f"{url}/paypal")
    monkeypatch.setenv("STRIPE_API_URL", f"{url}/stripe")
    get_config.cache_clear()
    yield Providers(site, store)
    FAULTS.clear()
    store.close()
    monkeypatch.undo()
    get_config.cache_clear()


@pytest.fixture
def payee(acme: Shop, ada: Vendor) -> Callable[[str], Vendor]:
    """Ada, who told long ago that she wants to be paid by a rail that the shop offers."""

    def prepare(rail: str) -> Vendor:
        with db.scoped(acme.id) as session:
            for name, keys in KEYS.items():
                settings.save_keys(session, acme, name, keys, actor="test")
        use_account(ada, ACCOUNTS[RailName(rail)], rail)
        return ada

    return prepare


def use_account(vendor: Vendor, account: str, rail: str = RailName.BANK) -> None:
    """The vendor said long ago where to pay: Ada's Ceramics to Ada."""
    with db.scoped(vendor.shop_id) as session:
        held = session.get_one(Vendor, vendor.id)
        change_payout_details(session, held, PayoutDetails(account, held.name.partition("'")[0], rail), actor="test")
        session.flush()
        held.payout_changed_at = None


def earn(shop: Shop, vendor: Vendor, key: str, minor: int) -> None:
    """Money that the vendor may be paid; below zero it is taken back again."""
    entries = (Entry(Account.VENDOR_AVAILABLE, minor, vendor.id), Entry(Account.CUSTOMER_RECEIPTS, -minor))
    with db.scoped(shop.id) as session:
        posting = Posting(key, "sale", clock.now(), entries, vendor_id=vendor.id)
        post_once(session, shop.id, shop.currency, posting)


def books_hold(shop: Shop) -> bool:
    with db.scoped(shop.id) as session:
        return check_books(session, shop).holds


def hand_over(shop: Shop, vendor: Vendor) -> int:
    """Claim, approve and send what the vendor can be paid, as the merchant does. Returns the payout's id."""
    with db.scoped(shop.id) as session:
        batch = service.open_batch(session, shop, [vendor.id], actor="staff:1")
        payout = session.scalars(select(Payout).where(Payout.batch_id == batch.id)).one()
        moves.move(session, payout, "approve", actor="staff:1")
        service.send(session, shop, batch, actor="staff:1")
    return payout.id


def let_time_pass() -> None:
    """Every rail's turn comes."""
    with db.system() as session:
        session.execute(update(Payout).where(Payout.next_look_at.is_not(None)).values(next_look_at=clock.now()))


def read_payout(shop: Shop, payout_id: int) -> Any:
    with db.scoped(shop.id) as session:
        return session.get_one(Payout, payout_id)
