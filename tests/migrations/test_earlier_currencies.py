"""In which currencies a shop sold before is known from its log, and products that were left behind are found."""

from importlib import import_module

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import NullPool, create_engine, text

from app import db
from app.auth import installation
from app.models.products import Product, Variant
from app.models.shops import Shop
from app.models.vendors import Vendor

MIGRATION = import_module("migrations.versions.0112_earlier_currencies")


def test_a_shop_that_changed_its_currency_before_the_upgrade_is_brought_into_it(
    database: str, acme: Shop, zenith: Shop, ada: Vendor
) -> None:
    with db.system() as session:
        own = {"shop_id": acme.id, "vendor_id": ada.id}
        product = Product(**own, title="Mug")
        session.add(product)
        session.flush()
        session.add(Variant(**own, product_id=product.id, price_minor=1250, currency="USD"))
    for currency in ("JPY", "EUR"):
        with db.system() as session:
            installation._take_currency(session, session.get_one(Shop, acme.id), currency)
    columns = text("SELECT earlier_currencies, prices_due_at FROM shops ORDER BY id")
    with create_engine(database, poolclass=NullPool).connect() as connection:
        known = [row.earlier_currencies for row in connection.execute(columns)]
        connection.execute(text("ALTER TABLE shops DROP COLUMN earlier_currencies, DROP COLUMN prices_due_at"))
        with Operations.context(MigrationContext.configure(connection)):
            MIGRATION.upgrade()
        found = connection.execute(columns).all()
        connection.rollback()
    assert [[name for name, _ in row.earlier_currencies] for row in found] == [["USD", "JPY"], []]
    assert [until[:16] for _, until in found[0].earlier_currencies] == [until[:16] for _, until in known[0]]
    assert [row.prices_due_at is not None for row in found] == [True, False]
