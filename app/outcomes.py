"""Rows that were ticked in a list and acted on together: what became of each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row. `title` names it, unless the words do."""

    is_done: bool
    words: str
    title: str = ""
