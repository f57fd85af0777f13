import re
from datetime import date
from typing import Any

import pytest

from app.emails.kinds import KINDS
from app.emails.render import render
from app.money import Money
from app.orders.words import BANK_REASON_WORDS

LINES = [{"title": "Stoneware mug", "quantity": 2}]
EVERYTHING: dict[str, Any] = {
    "count": 2,
    "differences": ["#1001: Paid less returned is 52.00 USD in Shopify and 50.00 USD in the books."],
    "vendor_name": "Ada's <b>Ceramics</b>",
    "link": "https://market.example/portal/enter/abc?x=1&y=2",
    "link_lasts": "15 minutes",
    "inviter": "Ada <ada@example.com>",
    "note": "We saw your mugs.",
    "role": "Orders",
    "message": "Is it <i>blue</i>?",
    "change": "“Phone” was added as a second step",
    "reason": "First line.\nSecond <script>line</script>.",
    "hold_hours": 72,
    "product_title": "Mug & saucer",
    "order_name": "#1001",
    "item_count": 1,
    "lines": LINES,
    "earnings": Money(1234, "USD"),
    "customer_name": "Carla",
    "vendors": [{"name": "Ada's Ceramics", "lines": LINES}, {"name": "Bea's Bakery", "lines": LINES}],
    "total": Money(9900, "USD"),
    "stars": "4 of 5 stars",
    "review": "A <script>line</script>\nand another",
    "answer": "Thank you & <script>line</script>",
    "question": "Is it <script>line</script> safe?",
    "carrier": "DHL",
    "tracking_number": "123",
    "tracking_url": "https://dhl.example/123",
    "amount": Money(55000, "EUR"),
    "reference": "PO-7",
    "destination": "•••• 3000",
    "email": "ada@example.com",
    "place": "Shelf 3",
    "pickup_count": 2,
    "tagline": "By hand.",
    "customer": "customer 207119551",
    "days": 30,
    "due": date(2026, 12, 20),
    "bank_reason": "product not received",
    "choices": ["A cart that I left", "A <script>line</script>"],
}


def context_of(kind: str) -> dict[str, Any]:
    return {name: EVERYTHING[name] for name in KINDS[kind].needs}


@pytest.mark.parametrize("kind", KINDS)
def test_every_email_needs_exactly_what_it_says(kind: str) -> None:
    rendered = render(kind, context_of(kind), shop_name="Acme")
    assert "\n" not in rendered.subject
    for name in KINDS[kind].needs:
        without = {key: value for key, value in context_of(kind).items() if key != name}
        with pytest.raises(KeyError):
            render(kind, without, shop_name="Acme")


@pytest.mark.parametrize("kind", KINDS)
def test_html_is_escaped_and_its_twin_is_plain(kind: str) -> None:
    rendered = render(kind, context_of(kind), shop_name="Acme & Sons")
    assert "<b>Ceramics" not in rendered.html
    assert "<script>line" not in rendered.html
    assert "Acme &amp; Sons" in rendered.html
    assert "&amp;" not in rendered.text
    assert "&amp;" not in rendered.subject
    assert not re.search(r"</?(p|a|td|h1)\b", rendered.text)
    assert "Acme & Sons" in rendered.text


@pytest.mark.parametrize("kind", [kind for kind, told in KINDS.items() if "link" in told.needs])
def test_both_twins_carry_the_one_link(kind: str) -> None:
    rendered = render(kind, context_of(kind), shop_name="Acme")
    assert EVERYTHING["link"] in rendered.text
    assert rendered.html.count("<a href=") == 1


def test_amounts_are_written_as_people_write_them() -> None:
    assert render("payout_sent", context_of("payout_sent"), shop_name="Acme").subject == "€550.00 is on its way to you"


def test_days_and_a_banks_reason_are_written_in_the_readers_language() -> None:
    told = context_of("vendor_dispute_opened") | {"bank_reason": BANK_REASON_WORDS["product not received"]}
    said = render("vendor_dispute_opened", told, shop_name="Acme", language="de").text
    assert "bis zum 20. Dezember 2026 antworten" in said
    assert "das Produkt ist nicht angekommen" in said
