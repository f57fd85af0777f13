"""Text that goes into a spreadsheet."""

from typing import Final

_FORMULA_MARKS: Final = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - spreadsheets take full-width signs, too


def plain_cell(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula: an apostrophe in front makes it text again."""
    return f"'{text}" if text[:1] in _FORMULA_MARKS else text
