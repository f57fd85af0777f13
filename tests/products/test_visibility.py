import pytest

from app.products.rules import wanted_visibility


@pytest.mark.parametrize(
    ("status", "vendor", "shopify", "hidden", "wanted"),
    [
        ("published", "approved", "ACTIVE", False, None),
        ("published", "suspended", "ACTIVE", False, "DRAFT"),
        ("published", "closed", "DRAFT", True, None),
        ("published", "approved", "DRAFT", True, "ACTIVE"),
        ("published", "approved", "DRAFT", False, None),  # the merchant hid it in the admin
        ("draft", "approved", "ACTIVE", False, "DRAFT"),
        ("archived", "approved", "ACTIVE", False, "ARCHIVED"),
        ("archived", "approved", "DRAFT", False, None),
        ("in_review", "approved", "DRAFT", False, None),
    ],
)
def test_shopify_shows_only_what_is_on_sale(
    status: str, vendor: str, shopify: str, hidden: object, wanted: str | None
) -> None:
    sells = vendor == "approved"
    assert wanted_visibility(status, shopify, may_sell=sells, hidden=bool(hidden)) == wanted
