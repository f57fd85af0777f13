import pytest

from app.sheets import plain_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])  # noqa: RUF001
def test_a_text_that_a_spreadsheet_would_calculate_is_made_text_again(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Mug", "1-2", "Bowl =", "'=1"])
def test_every_other_text_stays_as_it_is(text: str) -> None:
    assert plain_cell(text) == text
