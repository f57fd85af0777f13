"""A product's news from Shopify, where what lay between two of them was never told."""

from datetime import UTC, datetime
from typing import Any

from app import clock, db
from app.models.products import Product, ProductProposal, ProductStatus, ProposalStatus, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import mirror, places
from app.shopify import payloads

SEEN = datetime(2026, 11, 20, 12, tzinfo=UTC)


def variant_of(number: int, size: str, price: str) -> payloads.ProductVariant:
    return payloads.ProductVariant(
        id=number,
        price=price,
        position=number,
        inventory_item_id=number,
        option1=size,
        admin_graphql_api_id=f"gid://shopify/ProductVariant/{number}",
    )


def test_a_variant_that_staff_made_anew_keeps_its_row_and_stays_beside_what_an_edit_adds(
    acme: Shop, ada: Vendor
) -> None:
    own = {"shop_id": acme.id, "vendor_id": ada.id}
    new: dict[str, Any] = {"values": ["Medium"], "price": 100, "sku": "", "stock": 1}
    kept = [{"values": ["Small"]}, {"values": ["Large"]}]
    with db.scoped(acme.id) as session:
        options = [{"name": "Size", "values": ["Small", "Large"]}]
        gid = "gid://shopify/Product/1"
        product = Product(**own, title="Mug", status=ProductStatus.PUBLISHED, options=options, shopify_gid=gid)
        session.add(product)
        session.flush()
        own["product_id"] = product.id
        rows = [
            Variant(
                **own,
                position=number,
                price_minor=500,
                currency="USD",
                option_values=[size],
                shopify_gid=f"gid://shopify/ProductVariant/{number}",
                picture_told="gid://shopify/MediaImage/1",
            )
            for number, size in ((1, "Small"), (2, "Large"))
        ]
        edit = ProductProposal(
            **own,
            status=ProposalStatus.WAITING,
            version=1,
            changes={"variants": [kept, [*kept, new]]},
            sent_by="vendor_user:1",
            sent_at=clock.now(),
        )
        session.add_all([*rows, edit])
        session.flush()
        seen = payloads.Product(
            id=1,
            admin_graphql_api_id=gid,
            title="Mug",
            handle="mug",
            status="active",
            updated_at=SEEN,
            variants=[variant_of(2, "Large", "5.00"), variant_of(3, "Small", "9.00")],
            options=[payloads.ProductOption(name="Size", values=["Large", "Small"])],
        )
        for _ in range(2):
            mirror.take_over_product(session, acme, seen, b"{}")
        small = rows[0]
        session.refresh(small)
        assert (small.shopify_gid, small.inventory_item_gid) == (
            "gid://shopify/ProductVariant/3",
            "gid://shopify/InventoryItem/3",
        )
        assert (small.price_minor, small.picture_told) == (900, None)
        assert places.get_call(session, product).has_news
        assert edit.changes["variants"] == [kept, [kept[1], new, kept[0]]]
