"""Tracking numbers as they come out of carriers' and spreadsheets' programs."""

import pytest

from app.fulfilment.rules import MAX_ORDERS
from app.fulfilment.sheet import SheetRow, read_sheet

READ = [SheetRow(2, "#1001", "1Z999", "UPS"), SheetRow(3, "1002", "JD01", "")]


@pytest.mark.parametrize(
    "text",
    [
        "order,tracking,carrier\n#1001,1Z999,UPS\n1002,JD01,\n",
        "\ufeffOrder Number;Tracking number;Carrier\r\n#1001;1Z999;UPS\r\n1002;JD01;\r\n",
        "Tracking_Number\tCourier\tReference\n1Z999\tUPS\t#1001\nJD01\t\t1002",
        'order,tracking,carrier\n"#1001", 1Z999 ,UPS\n1002,JD01',
    ],
    ids=["commas", "spreadsheet", "other columns first", "short lines"],
)
def test_a_sheet_is_read_however_it_was_saved(text: str) -> None:
    assert read_sheet(text.encode()) == READ


def test_without_a_heading_the_columns_stand_as_we_write_them() -> None:
    assert read_sheet(b"#1001,1Z999,UPS") == [SheetRow(1, "#1001", "1Z999", "UPS")]


def test_empty_lines_are_no_orders_but_count_as_lines() -> None:
    assert read_sheet(b"order,tracking\n\n,\n#1001,1Z999\n") == [SheetRow(4, "#1001", "1Z999", "")]


def test_our_own_apostrophe_before_a_sign_is_no_part_of_the_number() -> None:
    assert read_sheet(b"order,tracking\n#1001,'-77\n")[0].tracking == "-77"


def test_what_an_old_spreadsheet_writes_is_read_too() -> None:
    assert read_sheet("#1001,1Z999,Österreichische Post".encode("latin-1"))[0].carrier == "Österreichische Post"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no lines"),
        (b"order,tracking\n", "no lines"),
        (b'order,tracking\n"#1001,1Z', "no table"),
        (b"#1,1\n" * (MAX_ORDERS + 1), f"at most {MAX_ORDERS}"),
    ],
    ids=["nothing", "only a heading", "no table", "too long"],
)
def test_a_sheet_that_cannot_be_read_says_why(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_sheet(data)
