from dataclasses import replace

import pytest

from app.portal.rules import Facts, list_later, list_steps, list_tasks

SETTLED = Facts(
    status="approved",
    terms_accepted=True,
    has_profile=True,
    has_payout_details=True,
    orders_to_ship=0,
    days_waiting=0,
    changes_requested=0,
    drafts=0,
    in_review=0,
    published=2,
    sold_out=0,
)


def everything(_href: str) -> bool:
    """An owner's role: it opens every page."""
    return True


def test_nobody_is_sent_to_a_page_that_turns_them_away() -> None:
    facts = replace(SETTLED, orders_to_ship=3, changes_requested=1)
    [task] = list_tasks(facts, lambda href: href.startswith("/portal/products"))
    assert task.sentence == "1 product needs a change"
    assert list_steps(replace(SETTLED, has_profile=False), lambda href: href == "/portal/terms") == []


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (replace(SETTLED, orders_to_ship=3, changes_requested=1, has_payout_details=False), "3 orders to ship"),
        (replace(SETTLED, orders_to_ship=1, new_messages=1), "1 order to ship"),
        (replace(SETTLED, taken_down=2, changes_requested=1), "2 products were taken off sale"),
        (replace(SETTLED, new_messages=2, message_part=7, customer_questions=1), "2 orders with new messages"),
        (replace(SETTLED, customer_questions=1, terms_accepted=False), "1 question of a customer to answer"),
        (replace(SETTLED, terms_accepted=False, changes_requested=1), "Read and accept the terms"),
        (replace(SETTLED, changes_requested=1, has_payout_details=False), "1 product needs a change"),
        (replace(SETTLED, changes_requested=2), "2 products need a change"),
        (replace(SETTLED, has_payout_details=False, has_profile=False), "Say where your money should go"),
        (replace(SETTLED, has_profile=False, published=0), "Tell customers who you are"),
        (replace(SETTLED, published=0, drafts=1), "Finish your first product"),
        (replace(SETTLED, published=0), "Add your first product"),
        (replace(SETTLED, sold_out=1), "1 product is sold out"),
        (replace(SETTLED, in_review=1, published=0), None),
        (SETTLED, None),
    ],
)
def test_the_most_pressing_thing_comes_first(facts: Facts, sentence: str | None) -> None:
    tasks = list_tasks(facts, everything)
    assert (tasks[0].sentence if tasks else None) == sentence


def test_nothing_is_to_be_done_twice() -> None:
    beginner = replace(SETTLED, published=0, drafts=1, has_profile=False)
    told = [task.sentence for task in list_tasks(beginner, everything)]
    assert told == ["Tell customers who you are", "Finish your first product"]


def test_a_step_that_is_left_hides_nothing_else_that_is_to_be_done() -> None:
    asked = replace(SETTLED, orders_to_ship=1, changes_requested=1, has_profile=False, published=0, drafts=1)
    later = list_later(list_tasks(asked, everything), list_steps(asked, everything))
    assert [task.sentence for task in later] == ["1 product needs a change"]


def test_how_long_the_oldest_order_waits_is_said() -> None:
    [task] = list_tasks(replace(SETTLED, orders_to_ship=2, days_waiting=3), everything)
    assert task.why == "Paid, and the oldest has waited 3 days."


def test_the_checklist_goes_away_when_everything_is_done() -> None:
    assert list_steps(SETTLED, everything) == []
    started = list_steps(replace(SETTLED, has_profile=False), everything)
    assert [step.done for step in started] == [True, False, True, True]


def test_a_shop_without_terms_lets_nobody_accept_any() -> None:
    steps = list_steps(replace(SETTLED, terms_accepted=None, has_profile=False), everything)
    assert steps[0].title == "Write your public profile"
    assert list_tasks(replace(SETTLED, terms_accepted=None), everything) == []
