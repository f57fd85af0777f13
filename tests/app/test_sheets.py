import pytest

from app.sheets import SheetError, plain_cell, read_cell, read_sheet


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])  # noqa: RUF001
def test_a_text_that_a_spreadsheet_would_calculate_is_made_text_again(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Mug", "1-2", "Bowl =", "'=1"])
def test_every_other_text_stays_as_it_is(text: str) -> None:
    assert plain_cell(text) == text


@pytest.mark.parametrize("text", ["=1+1", "-5", "@x", "Mug", "'Tis", "It's = 1"])
def test_what_was_made_text_is_read_as_it_was(text: str) -> None:
    assert read_cell(plain_cell(text)) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_table_is_read_whatever_program_wrote_it(encoding: str, delimiter: str, newline: str) -> None:
    rows = [("Product", "Words"), ("Größe", '"two\nlines, ""quoted""; and more"'), ("Café", "x")]
    content = newline.join(delimiter.join(row) for row in rows).encode(encoding)
    lines = read_sheet(content, most_lines=10)
    assert [list(line.cells) for line in lines] == [
        ["Product", "Words"],
        ["Größe", 'two\nlines, "quoted"; and more'],
        ["Café", "x"],
    ]
    assert [line.number for line in lines] == [1, 2, 4]


def test_excels_own_name_of_the_separator_and_empty_lines_are_passed_over() -> None:
    lines = read_sheet(b"sep=;\nProduct;Price\n\n;;\nMug;1,50\n", most_lines=10)
    assert [(line.number, list(line.cells)) for line in lines] == [(2, ["Product", "Price"]), (5, ["Mug", "1,50"])]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "Excel workbook"),
        (b'Product\nMug\n"open, and never closed\n', "line 3"),
        (b"Product\n" + b"Mug\n" * 12, "more than 10 lines"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(content: bytes, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        read_sheet(content, most_lines=10)


def test_an_empty_file_has_no_lines() -> None:
    assert read_sheet(b"", most_lines=10) == read_sheet(b"\xef\xbb\xbf\n \n", most_lines=10) == []
