"""What the news of a product on sale leave out is read from Shopify: when, and what becomes of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app import clock, db
from app.models.events import AuditEntry
from app.models.products import Product, ProductImage, ProductProposal, ProductStatus, ProposalStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import mirror
from app.products.looks import look
from app.shopify.payloads import Product as News
from app.shopify.payloads import read_payload
from app.shopify.tokens import ShopCredentials
from tests.shopify.fake import FakeShopify, data

GID, FRONT, BACK = "gid://shopify/Product/1", "gid://shopify/MediaImage/1", "gid://shopify/MediaImage/2"
SMALL = "gid://shopify/ProductVariant/1"


@pytest.fixture
def mug(acme: Shop, ada: Vendor) -> Product:
    own = {"shop_id": acme.id, "vendor_id": ada.id}
    with db.scoped(acme.id) as session:
        named = {"title": "Mug", "status": ProductStatus.PUBLISHED, "shopify_gid": GID, "shopify_status": "ACTIVE"}
        product = Product(**own, **named, category_gid="gid://shopify/TaxonomyCategory/hg", category_name="Home")
        session.add(product)
        session.flush()
        own["product_id"] = product.id
        session.add(Variant(**own, price_minor=500, currency="USD", stock=3, shopify_gid=SMALL))
        for position, gid in enumerate((FRONT, BACK), start=1):
            at = {"source_url": "", "url": f"https://cdn.example/{position}.jpg", "filename": f"{position}.jpg"}
            session.add(ProductImage(**own, **at, position=position, shopify_gid=gid))
    return product


def body(minute: int, *, stock: int = 3, **more: Any) -> bytes:
    """products/update as it comes, so many minutes after noon."""
    at = datetime(2026, 11, 20, 12, minute, tzinfo=UTC).isoformat()
    variant = {"id": 1, "admin_graphql_api_id": SMALL, "price": "5.00", "inventory_quantity": stock, "updated_at": at}
    said = {"id": 1, "admin_graphql_api_id": GID, "title": "Mug", "handle": "mug", "status": "active"}
    return json.dumps({**said, "variants": [variant], "updated_at": at, **more}).encode()


def hear(acme: Shop, news: bytes) -> datetime | None:
    """From when on the product is to be looked at because of the news."""
    with db.scoped(acme.id) as session:
        session.execute(update(Product).values(look_wanted_at=None))
        mirror.take_over_product(session, acme, read_payload(News, news), news)
    with db.scoped(acme.id) as session:
        return session.scalars(select(Product.look_wanted_at)).one()


def is_wanted_now(acme: Shop, news: bytes) -> bool:
    wanted_at = hear(acme, news)
    return wanted_at is not None and wanted_at <= clock.now()


def test_a_product_is_looked_at_at_once_unless_only_its_stock_moved(acme: Shop, mug: Product) -> None:
    assert is_wanted_now(acme, body(1)), "nobody knows what it said before"
    assert not is_wanted_now(acme, body(2, stock=2))
    assert not is_wanted_now(acme, body(3, stock=1))
    assert is_wanted_now(acme, body(4, stock=1)), (
        "what changed is nothing that it says, such as words for search engines"
    )
    assert is_wanted_now(acme, body(5, stock=1, images=[{"id": 9, "src": "https://cdn.example/9.jpg"}]))
    assert not is_wanted_now(acme, body(0, stock=1, title="Old")), "old news"


def test_what_staff_changed_at_the_moment_of_a_sale_is_looked_for_within_the_hour(
    acme: Shop, mug: Product, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    hear(acme, body(1))
    wanted_at = hear(acme, body(2, stock=2))
    assert wanted_at is not None
    assert timedelta(0) < wanted_at - clock.now() <= timedelta(hours=1)
    answer(shopify, "https://cdn.example/1.jpg")
    said = shopify.answers["productLook"][0]

    def sold_meanwhile(_: Any) -> Any:
        news = body(3, stock=1)
        with db.scoped(acme.id) as session:
            mirror.take_over_product(session, acme, read_payload(News, news), news)
        return said

    shopify.answer("productLook", sold_meanwhile, said)
    look(mug.shop_id, mug.id)
    assert state(mug) == ("Animals", "Mugs", [(FRONT, "Seen")], True), "another sale came while this was read"
    look(mug.shop_id, mug.id)
    assert state(mug)[3] is False


def answer(shopify: FakeShopify, *pictures: str | None, shown: str | None = None, more: bool = False) -> None:
    """Shopify's product: pictures by address, None for one that is still being made."""
    media = [
        {"id": gid, "alt": "Seen", "preview": {"image": {"url": url} if url else None}}
        for gid, url in zip((FRONT, BACK), pictures, strict=False)
    ]
    variant = {"id": SMALL, "media": {"nodes": [{"id": shown}] if shown else []}}
    found = {
        "id": GID,
        "category": {"id": "gid://shopify/TaxonomyCategory/ap", "fullName": "Animals"},
        "seo": {"title": "Mugs", "description": None},
        "media": {"nodes": media, "pageInfo": {"hasNextPage": more}},
        "variants": {"nodes": [variant]},
    }
    shopify.answer("productLook", data(product=found))


def want(mug: Product) -> None:
    with db.scoped(mug.shop_id) as session:
        session.execute(update(Product).values(look_wanted_at=clock.now()))


def state(mug: Product) -> tuple[str | None, str, list[tuple[str | None, str]], bool]:
    """Category, search title, pictures with their words, and whether another look is wanted."""
    with db.scoped(mug.shop_id) as session:
        product = session.get_one(Product, mug.id)
        images = session.execute(select(ProductImage.shopify_gid, ProductImage.alt).order_by(ProductImage.position))
        pictures = [(gid, alt) for gid, alt in images]
        return product.category_name, product.seo_title, pictures, product.look_wanted_at is not None


def test_category_search_words_and_pictures_become_ours(
    mug: Product, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    want(mug)
    answer(shopify, "https://cdn.example/1.jpg", shown=FRONT)
    look(mug.shop_id, mug.id)
    assert state(mug) == ("Animals", "Mugs", [(FRONT, "Seen")], False)
    with db.scoped(mug.shop_id) as session:
        variant = session.scalars(select(Variant)).one()
        shown = session.get_one(ProductImage, variant.image_id)
        assert (shown.shopify_gid, variant.picture_told) == (FRONT, FRONT)
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.actor) == ("product.edit_in_shopify", "shopify")
    assert set(entry.changes) == {"category", "seo_title", "pictures", f"picture {variant.id}"}
    look(mug.shop_id, mug.id)
    assert shopify.names() == ["productLook"], "nothing is asked that nobody wants to know"


@pytest.mark.parametrize(
    ("pictures", "more"),
    [(("https://cdn.example/1.jpg", None), False), (("https://cdn.example/1.jpg",), True)],
    ids=["one is still being made", "there are more than were read"],
)
def test_a_picture_that_was_only_not_seen_is_not_thrown_away(
    mug: Product, shopify: FakeShopify, connected: ShopCredentials, pictures: tuple[str | None, ...], *, more: bool
) -> None:
    want(mug)
    answer(shopify, *pictures, more=more)
    look(mug.shop_id, mug.id)
    assert state(mug) == ("Animals", "Mugs", [(FRONT, ""), (BACK, "")], False)


def accepted(mug: Product) -> ProductProposal:
    named = {"shop_id": mug.shop_id, "vendor_id": mug.vendor_id, "product_id": mug.id, "version": 1}
    changes = {"seo_title": ["", "Ada's words"]}
    return ProductProposal(
        **named, status=ProposalStatus.ACCEPTED, changes=changes, sent_by="vendor_user:1", sent_at=clock.now()
    )


def test_nothing_is_read_while_an_edit_is_on_its_way(
    mug: Product, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    want(mug)
    with db.scoped(mug.shop_id) as session:
        session.add(accepted(mug))
    look(mug.shop_id, mug.id)
    assert shopify.names() == []
    assert state(mug)[3], "the sweep comes back"


def test_what_was_read_before_our_own_job_wrote_something_is_not_believed(
    mug: Product, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    want(mug)
    answer(shopify, "https://cdn.example/1.jpg")
    said = shopify.answers["productLook"][0]

    def meanwhile(_: Any) -> Any:
        with db.scoped(mug.shop_id) as session:
            edit = accepted(mug)
            edit.status, edit.applied_at = ProposalStatus.APPLIED, clock.now()
            session.add(edit)
            session.get_one(Product, mug.id).seo_title = "Ada's words"
        return said

    shopify.answer("productLook", meanwhile)
    look(mug.shop_id, mug.id)
    assert state(mug) == ("Home", "Ada's words", [(FRONT, ""), (BACK, "")], True)
    shopify.answer("productLook", data(product=None))
    look(mug.shop_id, mug.id)
    assert state(mug)[3] is False, "it is gone: its webhook says so"


def test_a_look_that_is_slower_than_the_next_one_takes_nothing_back(
    mug: Product, shopify: FakeShopify, connected: ShopCredentials
) -> None:
    want(mug)
    answer(shopify, "https://cdn.example/1.jpg")
    old = shopify.answers["productLook"][0]

    def meanwhile(_: Any) -> Any:
        """Staff change it once more, and that is heard and read before this answer arrives."""
        want(mug)
        answer(shopify, "https://cdn.example/1.jpg", "https://cdn.example/2.jpg")
        look(mug.shop_id, mug.id)
        return old

    shopify.answer("productLook", meanwhile)
    look(mug.shop_id, mug.id)
    assert state(mug) == ("Animals", "Mugs", [(FRONT, "Seen"), (BACK, "Seen")], False)
