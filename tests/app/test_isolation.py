"""PostgreSQL itself keeps shops and vendors apart, whatever the code above asks for."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import ProgrammingError

from app import db
from app.models.shops import Shop
from app.models.vendors import Vendor


def test_a_shop_sees_only_its_own_vendors(acme: Shop, ada: Vendor, bea: Vendor, cy: Vendor) -> None:
    with db.scoped(acme.id) as session:
        assert {v.name for v in session.scalars(select(Vendor))} == {ada.name, bea.name}


def test_a_vendor_sees_only_itself(acme: Shop, ada: Vendor, bea: Vendor) -> None:
    with db.scoped(acme.id, ada.id) as session:
        assert [v.id for v in session.scalars(select(Vendor))] == [ada.id]


def test_a_vendor_cannot_write_into_another_vendors_row(acme: Shop, ada: Vendor, bea: Vendor) -> None:
    with db.scoped(acme.id, ada.id) as session:
        session.execute(update(Vendor).values(tagline="mine"))
    with db.scoped(acme.id) as session:
        assert session.scalars(select(Vendor.tagline).where(Vendor.id == bea.id)).one() == ""


def test_a_vendor_cannot_change_the_shop(acme: Shop, ada: Vendor) -> None:
    with db.scoped(acme.id, ada.id) as session:
        session.execute(update(Shop).values(name="Hijacked"))
    with db.scoped(acme.id) as session:
        assert session.scalars(select(Shop.name)).one() == "Acme"


def test_a_row_cannot_be_added_to_another_shop(acme: Shop, zenith: Shop) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), db.scoped(acme.id) as session:
        session.add(Vendor(shop_id=zenith.id, handle="x", name="X", email="x@example.com"))


def test_without_a_scope_nothing_is_visible(acme: Shop, ada: Vendor) -> None:
    with db.scoped(0) as session:
        assert session.scalars(select(Vendor)).all() == []


def test_an_outside_call_inside_a_transaction_is_refused(acme: Shop) -> None:
    with db.scoped(acme.id) as session:
        session.scalars(select(Shop)).all()
        with pytest.raises(RuntimeError, match="transaction was open"):
            db.assert_no_transaction()
    db.assert_no_transaction()
