"""Which counts by location are taken."""

from sqlalchemy import select

from app import db
from app.models.products import Location, Product, StockLevel, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.products import places


def test_a_page_from_before_a_location_became_the_first_counts_nothing_twice(ada: Vendor) -> None:
    """Vendors kept stock in the studio, then the warehouse closed: what lies in the studio has no row of its own."""
    with db.scoped(ada.shop_id) as session:
        shop = session.get_one(Shop, ada.shop_id)
        shop.location_gid = "gid://shopify/Location/2"
        rows = [
            Location(shop_id=shop.id, shopify_gid=f"gid://shopify/Location/{number}", name=name, for_vendors=True)
            for number, name in ((2, "Studio"), (3, "Market"))
        ]
        product = Product(shop_id=shop.id, vendor_id=ada.id, title="Bowl")
        session.add_all([*rows, product])
        session.flush()
        owner = {"shop_id": shop.id, "vendor_id": ada.id, "product_id": product.id}
        bowl = Variant(**owner, price_minor=100, currency="USD", option_values=["Bowl"], stock=4)
        session.add(bowl)
        session.flush()
    studio, market = (row.id for row in rows)
    with db.scoped(ada.shop_id, ada.id) as session:
        bowl = session.get_one(Variant, bowl.id)
        typed = {(bowl.id, None): 5, (bowl.id, studio): 9, (bowl.id, market): 2}
        assert places.count(session, session.get_one(Product, product.id), [bowl], typed) == {
            "Bowl": [4, 5],
            "Bowl, Market": [0, 2],
        }
        assert bowl.stock == 7
        assert session.scalars(select(StockLevel.location_id)).all() == [market]
