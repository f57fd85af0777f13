"""Links that prove an address: how often one goes out, and what the page behind it says."""

from typing import Any

import pytest

from app.auth import limits
from tests.mailings.conftest import ALL, DAN, Desk, desk, link_in, storefront

__all__ = ["desk", "storefront"]


def test_nobody_has_an_address_written_to_by_many_customers(desk: Desk) -> None:
    for number in range(5):
        assert desk.choose("cart", customer=str(100 + number), email="Eve@example.com").status_code == 200
    for _ in range(2):
        assert desk.choose("cart", customer="200", email="eve@example.com").status_code == 429
    assert desk.choose("cart", customer="200", email="dan@example.com").status_code == 200
    assert len(desk.mails()) == 6


def test_nobody_has_an_address_written_to_over_and_over(desk: Desk) -> None:
    answers = [desk.choose(*topics, email="eve@example.com") for topics in (["cart"], ["vendors"], ALL, ["wishlist"])]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "tomorrow" in answers[-1].json["message"]
    assert desk.choose("cart", email="other@example.com").status_code == 200


def test_nobody_has_an_address_written_to_every_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = limits.allow

    def allow(what: str, who: str, **rest: Any) -> bool:
        """As if each try were on a day of its own."""
        return rest["seconds"] <= 86_400 or real(what, who, **rest)

    monkeypatch.setattr(limits, "allow", allow)
    answers = [desk.choose("cart" if number % 2 else "vendors", email="Eve@example.com") for number in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert "in a month" in answers[-1].json["message"]
    assert len(desk.mails()) == 4


def test_nobody_uses_up_what_the_owner_of_an_address_may_ask_for(desk: Desk) -> None:
    for topics in (["cart"], ["vendors"], ALL, ["wishlist"]):
        desk.choose(*topics, customer=DAN, email="cleo@example.com")
    assert desk.choose("cart").json == {"ok": True, "confirm": True}


def test_who_ordered_with_an_address_may_ask_however_many_others_did(desk: Desk) -> None:
    for number in range(6):
        desk.choose("cart", customer=str(100 + number))
    assert desk.choose("cart").status_code == 429
    desk.buy(customer_email="Cleo@example.com")
    assert desk.choose("cart").status_code == 200


def test_the_owner_of_an_address_frees_it_from_strangers(desk: Desk) -> None:
    for number in range(8):
        desk.choose("cart", customer=str(100 + number))
    refused = desk.choose("cart")
    assert refused.status_code == 429
    assert "say that it was not you" in refused.json["message"]
    page = desk.open_last_link("/not-me")
    assert "You get none of these e-mails" in page.text
    assert "Yes, send me these" not in page.text
    assert desk.choose("cart").json == {"ok": True, "confirm": True}
    desk.confirm()
    assert desk.choice()["chosen"] == ["cart"]


def test_who_was_disowned_has_nothing_sent_there_for_a_month_and_elsewhere_as_before(desk: Desk) -> None:
    desk.choose("cart", customer=DAN, email="cleo@example.com")
    first = link_in(desk.mails()[-1])
    desk.open_last_link("/not-me")
    assert desk.client.post(first).status_code == 409
    assert desk.choice(customer=DAN) == {"offered": ALL, "chosen": [], "email": "", "waiting": False}
    assert desk.choose("vendors", customer=DAN, email="Cleo@example.com").status_code == 429
    assert desk.choose("vendors", customer=DAN, email="dan@example.com").status_code == 200
    assert desk.choose("cart").status_code == 200


@pytest.mark.parametrize("then", [["cart"], []], ids=["another address", "a stop"])
def test_strangers_who_chose_something_else_since_are_disowned_as_well(desk: Desk, then: list[str]) -> None:
    for number in range(5):
        desk.choose("cart", customer=str(100 + number))
        link = link_in(desk.mails("customer_mails_confirm")[-1])
        desk.choose(*then, customer=str(100 + number), email=f"{number}@example.com")
    assert desk.choose("cart").status_code == 429
    assert "It was not me" in desk.client.get(link).text
    assert "You get none of these e-mails" in desk.client.post(f"{link}/not-me", follow_redirects=True).text
    assert desk.choose("cart").status_code == 200
    assert desk.choose("vendors", customer="104").status_code == 429


def test_a_proven_address_is_not_disowned_by_an_old_link(desk: Desk) -> None:
    desk.subscribe("cart")
    page = desk.open_last_link("/not-me")
    assert "You get these e-mails from now on" in page.text
    assert desk.choice()["chosen"] == ["cart"]


def test_what_sends_no_e_mail_uses_nothing_up(desk: Desk) -> None:
    for _ in range(15):
        assert desk.choose("cart").status_code == 200
    assert len(desk.mails()) == 1
    assert desk.choose("vendors").status_code == 200


def test_the_page_behind_the_link_says_how_it_stands_now(desk: Desk) -> None:
    desk.choose("vendors", "cart")
    first = link_in(desk.mails()[-1])
    offer, good = "Yes, send me these", "You get these e-mails from now on"
    assert [words in desk.client.get(f"{first}?done=1").text for words in (offer, good)] == [True, False]
    desk.confirm()
    desk.choose("vendors")
    page = desk.client.get(first).text
    assert [words in page for words in (offer, good, "What vendors I follow", "A cart that I left")] == [
        False, True, True, False
    ]  # fmt: skip
    desk.choose("vendors", email="new@example.com")
    assert good in desk.client.get(first).text, "the proven address counts until the new one is proven"
    desk.confirm()
    assert "Open the link in the newest one" in desk.client.get(first).text
    desk.choose()
    page = desk.client.get(first).text
    assert [words in page for words in (offer, good, "This choice is not there any more")] == [False, False, True]
