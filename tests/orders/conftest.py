"""A development store that sells Ada's and Bea's goods, and a way to bring its webhooks to the app in any order."""

import json
import random
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from app import clock, db
from app.models.events import InboxEvent
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from devstore import seed
from devstore.config import Config
from devstore.installations import install
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, ZENITH, product
from webhooks.router import HANDLERS


@dataclass
class Post:
    """Carries the store's webhooks to the handlers, each in a transaction of its own as the inbox does."""

    store: Store
    shop: Shop
    seen: set[int] = field(default_factory=set)

    def waiting(self) -> list[Doc]:
        sent = sorted(self.store.all(ACME, "webhook_delivery"), key=lambda delivery: delivery["id"])
        return [one for one in sent if one["id"] not in self.seen and one["topic"] in HANDLERS]

    def deliver(self, deliveries: Sequence[Doc] | None = None) -> None:
        for delivery in self.waiting() if deliveries is None else deliveries:
            self.seen.add(delivery["id"])
            with db.scoped(self.shop.id) as session:
                shop = session.get_one(Shop, self.shop.id)
                event = InboxEvent(shop_domain=ACME, topic=delivery["topic"], received_at=clock.now())
                HANDLERS[delivery["topic"]](session, shop, delivery["body"].encode(), event)

    def deliver_in_disorder(self, seed: int) -> None:
        """Everything so far, twice, shuffled."""
        doubled = self.waiting() * 2
        random.Random(seed).shuffle(doubled)
        self.deliver(doubled)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    config = Config(
        port=4240,
        storefronts={ACME: 4241, ZENITH: 4242},
        data=tmp_path,
        app_url="http://127.0.0.1:4259",
        client_id="client",
        client_secret="hush",
        app_toml=tomllib.loads(Path("shopify.app.toml").read_text()),
        extension_dir=tmp_path,
    )
    store = Store(tmp_path / "store.sqlite")
    seed.deploy(store, config)
    install(store, ACME)
    yield store
    store.close()


@pytest.fixture
def goods(store: Store, acme: Shop, ada: Vendor, bea: Vendor) -> SimpleNamespace:
    """Ada's mug at 5.00 and vase at 33.33, Bea's loaf at 10.00, known to the app; the store's own bag at 2.00."""
    made = SimpleNamespace(
        mug=product(store, "Mug", "5.00", vendor=ada.name, sku="MUG"),
        vase=product(store, "Vase", "33.33", vendor=ada.name, sku="VASE"),
        loaf=product(store, "Loaf", "10.00", vendor=bea.name, sku="LOAF"),
        bag=product(store, "Bag", "2.00", vendor="Acme", sku="BAG"),
    )
    with db.scoped(acme.id) as session:
        for doc, vendor in ((made.mug, ada), (made.vase, ada), (made.loaf, bea)):
            session.add(
                Product(
                    shop_id=acme.id,
                    vendor_id=vendor.id,
                    shopify_gid=f"gid://shopify/Product/{doc['id']}",
                    title=json.loads(json.dumps(doc["title"])),
                    status=ProductStatus.PUBLISHED,
                )
            )
    return made


@pytest.fixture
def post(store: Store, acme: Shop) -> Post:
    return Post(store, acme)
