"""A product file read into products: lines put together, each mistake beside its cell."""

from typing import Any

import pytest

from app.products import rules
from app.products.imports.columns import find_columns
from app.products.imports.items import Item, as_json, from_json, read_items
from app.sheets import SheetError, read_sheet


def read(text: str) -> list[Item]:
    heading, *lines = read_sheet(text.encode(), most_lines=1000)
    places, _ = find_columns(heading.cells)
    return read_items(lines, places, "USD")


def told(item: Item) -> list[tuple[int, str]]:
    return [(mistake.line, mistake.column) for mistake in item.mistakes]


def test_lines_of_one_title_are_one_product_with_its_variants() -> None:
    mug, bowl = read(
        "Product,Option 1 name,Option 1 value,Price,Stock,SKU\n"
        "Mug,Size,Small,18,5,M-S\nBowl,,,30.5,1,\nMug,,Large,24.50,3,M-L\n"
    )
    assert mug.options == (rules.Option("Size", ("Small", "Large")),)
    assert [(r.line, r.values, r.price_minor, r.stock, r.sku) for r in mug.rows] == [
        (2, ("Small",), 1800, 5, "M-S"),
        (4, ("Large",), 2450, 3, "M-L"),
    ]
    assert (bowl.title, bowl.options, bowl.rows[0].price_minor, bowl.rows[0].sku) == ("Bowl", (), 3050, None)
    assert not mug.mistakes
    assert not bowl.mistakes


def test_shopifys_own_export_is_read() -> None:
    mug, plain = read(
        "Handle,Title,Body (HTML),Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,"
        "Variant Inventory Qty,Image Src\n"
        'mug,Mug,"<p>Round.</p><script>x</script>",Ada,Color,Blue,B,10.00,3,https://x.example/1.png\n'
        "mug,,,,,Red,R,11.00,2,\nmug,,,,,,,,,https://x.example/2.png\n"
        "plain,Plain,,Ada,Title,Default Title,,5.00,1,\n"
    )
    assert (mug.handle, mug.title, mug.words["description"]) == ("mug", "Mug", "<p>Round.</p>")
    assert [row.values for row in mug.rows] == [("Blue",), ("Red",)]
    assert (plain.options, [row.price_minor for row in plain.rows]) == ((), [500])
    assert not mug.mistakes
    assert not plain.mistakes


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("Mug,Size,S,abc,1,", "price"),
        ("Mug,Size,S,1.234,1,", "price"),
        ("Mug,Size,S,-1,1,", "price"),
        ("Mug,Size,S,1,1.5,", "stock"),
        ("Mug,Size,S,1,-2,", "stock"),
        ("Mug,Size,S,1,9999999,", "stock"),
        ("Mug,Size,,1,1,", "option_1_value"),
        ("Mug,,S,1,1,", "option_1_name"),
        (f"{'M' * 256},Size,S,1,1,", "title"),
        ("Mug,Size,S,1,1,EUR", "currency"),
        (",Size,S,1,1,", "title"),
    ],
)
def test_a_mistake_is_told_beside_its_cell(line: str, column: str) -> None:
    [item] = read(f"Product,Option 1 name,Option 1 value,Price,Stock,Currency\n{line}\n")
    assert told(item) == [(2, column)]
    assert item.mistakes[0].words.endswith(".")


def test_lines_of_one_product_that_disagree_or_repeat_a_variant_are_told() -> None:
    [item] = read("Product number,Title,Option 1 name,Option 1 value\n7,Mug,Size,S\n7,Bowl,,s\n")
    assert told(item) == [(3, "title"), (3, "option_1_value")]


def test_a_decimal_comma_is_read_where_it_can_mean_nothing_else() -> None:
    mug, bowl = read('Product,Price\nMug,"12,5"\nBowl,"1,200"\n')
    assert mug.rows[0].price_minor == 1250
    assert told(bowl) == [(3, "price")]


@pytest.mark.parametrize(
    ("headings", "words"),
    [(["Price"], "must be called Product or Title"), (["Product", "title"], "Keep one of them"), ([], "must name")],
)
def test_a_file_without_its_columns_is_refused(headings: list[str], words: str) -> None:
    with pytest.raises(SheetError, match=words):
        find_columns(headings)


def test_columns_that_are_not_read_are_said() -> None:
    places, unread = find_columns(["TITLE", "variant  price", "Colour of the box", ""])
    assert (places, unread) == ({"title": 0, "price": 1}, ["Colour of the box"])


def test_what_a_line_says_survives_being_kept() -> None:
    [item] = read("Product,Option 1 name,Option 1 value,Price\nMug,Size,S,1\n")
    kept: dict[str, Any] = as_json(item)
    again = from_json(kept)
    assert (again.words, again.options, again.rows) == (item.words, item.options, item.rows)


def test_a_heading_of_a_million_columns_is_refused() -> None:
    """Its lines would be handed back with a million cells each."""
    with pytest.raises(SheetError, match="must name the columns"):
        read(f"Product{',' * 1_000_000}\nMug\n")
