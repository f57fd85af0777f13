"""Rows that were ticked in a list and acted on together: what became of each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row. `title` names it, unless the words do; `row_id` leads to it, where the page says how."""

    is_done: bool
    words: str
    title: str = ""
    row_id: int = 0
