"""What of a stored event may be shown."""

from app.shops.rules import HIDDEN, mask_personal

ORDER = {
    "id": 1,
    "name": "#1001",
    "email": "mia@example.com",
    "total_price": "12.00",
    "note": "Leave it with Mr Miller",
    "token": "abc",
    "customer": {"id": 7, "first_name": "Mia", "last_name": "Berg", "tags": "vip", "phone": None},
    "shipping_address": {"name": "Mia Berg", "address1": "Hill 1", "city": "Ulm", "country_code": "DE", "zip": "89073"},
    "line_items": [{"id": 2, "name": "Blue bowl", "title": "Blue bowl", "vendor": "Ada's Ceramics"}],
    "client_details": {"browser_ip": "10.0.0.1"},
}


def test_nothing_personal_is_shown_and_everything_else_is() -> None:
    shown = mask_personal(ORDER)
    for personal in ("mia@example.com", "Mia", "Berg", "Miller", "Hill 1", "Ulm", "89073", "vip", "10.0.0.1", "abc"):
        assert personal not in str(shown)
    assert (shown["id"], shown["name"], shown["total_price"]) == (1, "#1001", "12.00")
    assert shown["customer"]["id"] == 7
    assert shown["line_items"] == ORDER["line_items"]


def test_what_is_empty_is_shown_as_empty() -> None:
    assert mask_personal({"email": None, "phone": "", "zip": "1"}) == {"email": None, "phone": "", "zip": HIDDEN}


def test_the_stored_event_itself_is_not_touched() -> None:
    mask_personal(ORDER)
    assert ORDER["email"] == "mia@example.com"
