"""The words of e-mails: what may be written in them, and what becomes of it."""

from dataclasses import replace

import pytest

from app.emails.kinds import KINDS, MEANINGS
from app.emails.render import render
from app.emails.wording import check, default_wording
from tests.emails.test_rendering import context_of


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_words_can_be_sent_and_every_placeholder_is_explained(kind: str) -> None:
    assert check(kind, default_wording(kind)) == {}
    assert {*KINDS[kind].needs, "shop_name"} <= set(MEANINGS)


@pytest.mark.parametrize(
    ("field", "words", "problem"),
    [
        ("subject", "", "Write something"),
        ("subject", "Two\nlines", "one line"),
        ("subject", "x" * 201, "at most 200"),
        ("subject", "Order {{ order_nmae }}", "knows no {{ order_nmae }}"),
        ("subject", "Order {{ lines }}", "belongs into the text"),
        ("heading", "Hello {{ vendor_name", "not closed"),
        ("heading", "{{ vendor_name | upper }}", "more than a name"),
        ("heading", "{% for x in y %}", "more than a name"),
        ("heading", "{{ ''.__class__ }}", "more than a name"),
        ("preview", "Bell \x07", "cannot be printed"),
        ("body", "Hello {{ vendor_name }}.", "link is missing"),
        ("body", "See {{ link }} or\n\n[Open]({{ link }})", "button only"),
        ("body", "[Open]({{ link }})\n\n[Again]({{ link }})", "once"),
        ("body", "Press [Open]({{ link }}) now.", "paragraph of its own"),
        ("body", "[Open]({{ vendor_name }})", "link is missing"),
        ("body", "You sold {{ lines }}.\n\n[Open]({{ link }})", "paragraph of its own"),
    ],
)
def test_words_that_could_not_be_sent_are_refused_beside_their_field(field: str, words: str, problem: str) -> None:
    wording = replace(default_wording("vendor_new_order"), **{field: words})
    errors = check("vendor_new_order", wording)
    assert set(errors) == {field}
    assert problem in errors[field]


def test_a_button_in_an_email_without_a_link_is_refused() -> None:
    wording = replace(default_wording("vendor_welcome"), body="[Open]({{ vendor_name }})")
    assert "no button" in check("vendor_welcome", wording)["body"]


def test_what_values_say_is_never_computed_nor_taken_for_markup() -> None:
    context = context_of("vendor_new_order") | {"vendor_name": "{{ link }} {{ 7*7 }} <img src=x> [a]({{ link }})"}
    rendered = render("vendor_new_order", context, shop_name="Acme")
    assert "{{ link }} {{ 7*7 }} <img src=x> [a]({{ link }})" in rendered.text
    assert "<img" not in rendered.html
    assert rendered.html.count("<a href=") == 1


def test_a_paragraph_about_something_empty_is_left_out() -> None:
    context = context_of("customer_shipped") | {"carrier": "", "tracking_number": None, "tracking_url": None}
    rendered = render("customer_shipped", context | {"customer_name": ""}, shop_name="Acme")
    assert "Carrier" not in rendered.text
    assert "<a href=" not in rendered.html
    assert rendered.text.startswith("Hello there,")


def test_words_that_fit_no_more_after_an_update_give_way_to_ours() -> None:
    stale = replace(default_wording("vendor_welcome"), subject="{{ gone }}")
    subject = render("vendor_welcome", context_of("vendor_welcome"), shop_name="Acme", wording=stale).subject
    assert subject.startswith("We have your application")


def test_counts_have_their_noun() -> None:
    one, two = (
        render("vendor_new_order", context_of("vendor_new_order") | {"item_count": n}, shop_name="A") for n in (1, 2)
    )
    assert "1 item of yours" in one.text
    assert "2 items of yours" in two.text
