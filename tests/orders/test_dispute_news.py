"""Vendors hear of a dispute when it is opened and when it is decided, with what it means for their own money."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from app import db
from app.models.emails import Email
from app.models.orders import VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from devstore.orders.disputes import move_dispute, open_dispute
from devstore.store import Doc, Store
from jobs.outbox import deliver
from tests.devstore.orders.cast import ACME
from tests.orders.conftest import Post
from tests.orders.test_service import books
from tests.orders.test_shapes import choose, later, sent


def told(shop: Shop) -> list[tuple[str, str]]:
    """E-mails about disputes: kind and address."""
    deliver(shop.id)
    with db.scoped(shop.id) as session:
        rows = session.execute(select(Email.kind, Email.to_address).order_by(Email.id))
        return [(kind, address) for kind, address in rows if kind.startswith("vendor_dispute")]


def text_of(shop: Shop, kind: str) -> str:
    with db.scoped(shop.id) as session:
        return session.scalars(select(Email.text_body).where(Email.kind == kind).order_by(Email.id)).first() or ""


def seen_by(shop: Shop, vendor: Vendor) -> list[dict[str, object]]:
    """What the vendor's own page is made of."""
    with db.scoped(shop.id, vendor.id) as session:
        known: list[dict[str, object]] = session.scalars(select(VendorOrder.disputes)).one()
        return known


@pytest.fixture
def order(goods: SimpleNamespace, store: Store, post: Post, acme: Shop, monkeypatch: pytest.MonkeyPatch) -> Doc:
    """A sent order of Ada's (20.00) and Bea's (10.00), its money available."""
    choose(acme, dispute_fee_minor=1500)
    made = sent(store, (goods.mug, 4), (goods.loaf, 1))
    post.deliver()
    later(monkeypatch, acme, 20)
    told(acme)
    return made


def test_each_vendor_hears_how_much_of_theirs_is_on_hold_and_until_when_the_bank_can_be_answered(
    order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    dispute = open_dispute(store, ACME, order["id"])
    post.deliver_in_disorder(1)
    assert sorted(told(acme)) == [("vendor_dispute_opened", ada.email), ("vendor_dispute_opened", bea.email)]
    held = {vendor.id: seen_by(acme, vendor)[0] for vendor in (ada, bea)}
    now = books(acme)
    for vendor in (ada, bea):
        assert held[vendor.id]["amount_minor"] == now["vendor_held", vendor.id]
        assert (held[vendor.id]["state"], held[vendor.id]["bank_reason"]) == ("open", "fraudulent")
    mail = text_of(acme, "vendor_dispute_opened")
    assert "The reason that the bank gives: the customer says that somebody else paid." in mail
    assert "has to answer the bank by" in mail
    move_dispute(store, ACME, order["id"], dispute["id"], "under_review")
    post.deliver()
    assert len(told(acme)) == 2, "that the bank looks at it is no news to a vendor"


@pytest.mark.parametrize(("status", "kind"), [("won", "vendor_dispute_won"), ("prevented", "vendor_dispute_won"),
                                              ("lost", "vendor_dispute_lost")])  # fmt: skip
def test_each_vendor_hears_how_it_ended(
    order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor, status: str, kind: str
) -> None:
    before = books(acme)["vendor_available", ada.id]
    dispute = open_dispute(store, ACME, order["id"])
    post.deliver()
    told(acme)
    move_dispute(store, ACME, order["id"], dispute["id"], status)
    post.deliver_in_disorder(2)
    assert sorted(who for what, who in told(acme) if what == kind) == [ada.email, bea.email]
    known = seen_by(acme, ada)[0]
    if status == "lost":
        assert before - books(acme).get(("vendor_available", ada.id), 0) == known["amount_minor"]
    else:
        assert books(acme)["vendor_available", ada.id] == before


def test_a_vendor_with_nothing_at_stake_hears_nothing(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    order = sent(store, (goods.bag, 2))
    open_dispute(store, ACME, order["id"])
    post.deliver()
    assert told(acme) == []


def test_who_hears_of_a_dispute_first_when_it_is_over_is_told_its_end_alone(
    order: Doc, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    dispute = open_dispute(store, ACME, order["id"])
    move_dispute(store, ACME, order["id"], dispute["id"], "lost")
    post.deliver()
    assert {kind for kind, _ in told(acme)} == {"vendor_dispute_lost"}
