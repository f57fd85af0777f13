"""What was passed on is shown in words, whoever hears of it and whatever it is about."""

from app.inbox.told_words import EVENTS, LISTENERS
from jobs.subscribers import SUBSCRIBERS


def test_every_event_and_everybody_who_hears_of_it_has_words() -> None:
    # "BellRung" is what other tests ring.
    kinds = {kind for kind in SUBSCRIBERS if kind != "BellRung"}
    assert kinds == set(EVENTS)
    assert {name for kind in kinds for name, _ in SUBSCRIBERS[kind]} == set(LISTENERS)


def test_no_two_events_or_listeners_are_called_the_same() -> None:
    for words in (EVENTS, LISTENERS):
        assert len(set(words.values())) == len(words)
