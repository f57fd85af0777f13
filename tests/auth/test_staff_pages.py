"""What a role is not for, it does not find: neither a button that would be refused nor a link to a closed page."""

from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.auth.staff_roles import StaffRole, may_open
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import VendorStatus
from tests.architecture.stocked import stock
from tests.auth.test_staff import app, grant, mona, sam
from tests.conftest import make_vendor

__all__ = ["app", "mona", "sam"]

PAGES = [
    "/app",
    "/app/notices",
    "/app/vendors",
    "/app/vendors/invitations",
    "/app/vendors/{seller}",
    "/app/vendors/{applicant}",
    "/app/review",
    "/app/review/{product}",
    "/app/products",
    "/app/orders",
    "/app/reviews",
    "/app/questions",
    "/app/codes",
    "/app/pickups",
    "/app/reconciliation",
    "/app/emails",
    "/app/events",
    "/app/log",
    "/app/settings",
    "/app/commissions",
    "/app/payouts",
    "/app/books",
]


@pytest.fixture
def numbers(mona: FlaskClient, sam: FlaskClient) -> dict[str, int]:
    """A stocked marketplace, and what its addresses name."""
    with db.system() as session:
        shop = session.scalars(select(Shop)).one()
    seller = make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    applicant = make_vendor(shop, "Bea's Bakery", "bea@example.com", VendorStatus.PENDING)
    stock(shop, seller, range(1, 4))
    with db.scoped(shop.id) as session:
        product = session.scalar(select(Product.id).where(Product.status == ProductStatus.IN_REVIEW))
    assert product
    return {"seller": seller.id, "applicant": applicant.id, "product": product}


def deeds(page: BeautifulSoup) -> Iterator[str]:
    """Where the page's buttons send something; a form of settings shows them, too, and says who may change them."""
    for button in page.select("form[hx-post]:not([data-save-bar]) s-button[type=submit], s-button[hx-post]"):
        sender = button if button.has_attr("hx-post") else button.find_parent("form")
        assert sender
        yield str(sender["hx-post"])


def ways(page: BeautifulSoup) -> Iterator[str]:
    """Where the page leads, and what it loads by itself."""
    tags: list[Tag] = [*page.select("s-page [href^='/app']"), *page.select("[hx-get][hx-trigger^=load]")]
    yield from (str(tag.get("href") or tag.get("hx-get")) for tag in tags)


@pytest.mark.parametrize("role", [role for role in StaffRole if role is not StaffRole.EVERYTHING])
def test_a_role_finds_no_button_that_is_refused_and_no_way_to_a_closed_page(
    mona: FlaskClient, sam: FlaskClient, numbers: dict[str, int], role: StaffRole
) -> None:
    assert grant(mona, "43", role) == 200
    dead = []
    for address in PAGES:
        if not may_open(role, address):
            continue
        page = BeautifulSoup(sam.get(address.format(**numbers)).text, "html.parser")
        dead += [(address, deed) for deed in deeds(page) if not may_open(role, deed.partition("?")[0], change=True)]
        dead += [(address, way) for way in ways(page) if not may_open(role, way.partition("?")[0])]
    assert not dead, "\n".join(map(str, dead))
