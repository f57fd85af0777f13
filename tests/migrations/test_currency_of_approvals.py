"""Rules for approval that are older than the currency of their prices get the shop's."""

from importlib import import_module

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import NullPool, create_engine, select, update

from app import db
from app.models.approvals import ApprovalRule
from app.models.shops import Shop
from app.products import approvals
from app.products.approval_rules import Conditions

MIGRATION = import_module("migrations.versions.0109_currency_of_approvals")


def test_prices_without_a_currency_become_the_shops(database: str, acme: Shop, zenith: Shop) -> None:
    old = [Conditions(price_to=1000), Conditions(price_from=0), Conditions(category="Home")]
    with db.system() as session:
        session.execute(update(Shop).where(Shop.id == zenith.id).values(currency="JPY"))
        for shop in (acme, zenith):
            for asked in old:
                approvals.save_rule(session, shop.id, None, "Old", asked, is_on=True, actor="staff:1")
    engine = create_engine(database, poolclass=NullPool)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        MIGRATION.upgrade()
    with db.system() as session:
        rules = session.scalars(select(ApprovalRule).order_by(ApprovalRule.id)).all()
        read = [Conditions.read(rule.conditions).price_currency for rule in rules]
    assert read == ["USD", "USD", None, "JPY", "JPY", None]
