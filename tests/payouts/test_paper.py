"""Letters on paper: a PDF shows them on a machine that has no font for them, each line in its own direction."""

import re
import subprocess
import sys

import pypdfium2
import pytest

from app.payouts.paper import GAP, Paper, has_letters_for, print_paper, set_apart
from tests.payouts.reading import list_fonts, read_letters, read_lines


def print_words(*words: str, rows: int = 0) -> bytes:
    """A paper with these words at its top, and a table of so many rows and a sum."""
    return print_paper(
        Paper(
            title="Paper",
            author="Acme",
            number="F-000001",
            parties=[list(words)],
            facts=[],
            head=["What", "Amount"],
            rows=[*([[f"Vase {number}."], ["$1.00"]] for number in range(rows)), [["Total"], [f"${rows}.00"]]],
            widths_mm=[40, 30],
            numeric=1,
        )
    )


@pytest.mark.parametrize(
    ("words", "font"),
    [
        ("請求書 ¥1,200", "NotoSansJP-Regular"),
        ("株式会社カフェ・ド・パリ", "NotoSansJP-Regular"),
        ("★ ☆ ※ ○ ● ① ℃ Ⅱ □ 𠮷野", "NotoSansJP-Regular"),
        ("김민수 도자기, 서울특별시 강남구 152", "NanumGothic"),
        ("你们好 龘", "NotoSansSC-Regular"),
        ("דנה בן־דוד קרמיקה", "NotoSansHebrew-Regular"),
        ("مريم الخزف، شارع ١٢", "Vazirmatn-Regular"),
        ("ร้านเซรามิก", "NotoSansThai-Regular"),
        ("मिट्टी", "NotoSansDevanagari-Regular"),
    ],
)
def test_letters_lie_in_the_file_and_can_be_copied(words: str, font: str) -> None:
    printed = print_words(words)
    assert read_lines(printed)[0] == words
    assert list_fonts(printed) == {"SourceSansPro-Regular", "SourceSansPro-Bold", font}
    assert has_letters_for(words)


def test_a_paper_without_foreign_letters_carries_no_font_for_them() -> None:
    printed = print_words("Żółć & Ελλάδα <Дом> *b* #x $y$ \\")
    assert read_lines(printed)[0] == "Żółć & Ελλάδα <Дом> *b* #x $y$ \\"
    assert list_fonts(printed) == {"SourceSansPro-Regular", "SourceSansPro-Bold"}


def test_words_of_two_scripts_are_each_set_in_their_own_font() -> None:
    assert list_fonts(print_words("김민수 陶器 ★ מרים")) > {
        "NanumGothic",
        "NotoSansJP-Regular",
        "NotoSansHebrew-Regular",
    }


def test_hebrew_runs_to_the_left_and_the_numbers_in_it_to_the_right() -> None:
    at = {
        letter: place
        for place in read_letters(print_words("כד אבג IBAN IL62 שקל 1,7 ₪"))
        if (letter := place.letter) not in " 1"
    }
    order = sorted("כדאבגIBNL62ק7₪", key=lambda letter: -at[letter].left)
    assert "".join(order) == "כדאבג26LNBIק7₪"
    assert len({round(place.bottom / 13) for letter, place in at.items() if letter in "כאB6ק"}) == 1


def test_a_wrapped_line_that_runs_leftwards_goes_on_below_with_its_account_in_order() -> None:
    title = "כד " + "חרס " * 30 + "IBAN " + "0123 " * 30 + "סוף"
    places = read_letters(print_words(title))
    [start], [end] = ([place for place in places if place.letter == letter] for letter in "דף")
    assert start.bottom > end.bottom
    for line in {place.bottom for place in places if place.letter == "3"}:
        digits = [p for p in places if p.letter in "0123" and abs(p.bottom - line) < 4 and p.bottom > end.bottom - 30]
        order = "".join(place.letter for place in sorted(digits, key=lambda place: place.left))
        assert order == "0123" * (len(order) // 4)


@pytest.mark.parametrize("name", ["דנה 2", "\u202eevil מרים", "מרים\u2069\u202e"])
def test_a_name_turns_nothing_around_it(name: str) -> None:
    line = f"For {set_apart(name)}, 1 paid"
    places = [place for place in read_letters(print_words(line)) if place.letter in "F1paid"]
    first_line = [place for place in places if abs(place.bottom - places[0].bottom) < 5]
    order = "".join(place.letter for place in sorted(first_line, key=lambda place: place.left))
    assert (order[0], order[-5:]) == ("F", "1paid")


def test_arabic_letters_are_joined() -> None:
    def measure(word: str) -> float:
        places = [place for place in read_letters(print_words(word)) if place.letter == "ب"]
        return max(place.right for place in places) - min(place.left for place in places)

    assert measure("ببب") < 0.75 * measure("ب\u200cب\u200cب")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("ქართული ენა", f"{GAP} {GAP}"),
        ("Ada ქართული & Co 🏺", f"Ada {GAP} & Co {GAP}"),
        ("Ada א\u0e31", f"Ada {GAP}"),  # a mark of Thai on a letter of Hebrew
    ],
)
def test_letters_without_a_font_leave_a_gap_that_is_seen_and_explained(words: str, shown: str) -> None:
    lines = read_lines(print_words(words))
    assert lines[0] == shown
    assert f"{GAP} stands for letters that this paper has no font for." in lines
    assert not has_letters_for(words)


def test_a_whole_paper_speaks_of_no_gap() -> None:
    assert not any(GAP in line for line in read_lines(print_words("Ada מרים\n陶器\u3000\u2009x")))


def test_a_long_word_stays_in_its_column() -> None:
    title = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverleihungsurkunde" * 2
    letters = [place for place in read_letters(print_words(title)) if place.letter == "f"]
    assert max(place.right for place in letters) <= (210 - 20) / 25.4 * 72


def test_a_long_paper_repeats_its_head_and_counts_its_pages() -> None:
    pages = pypdfium2.PdfDocument(print_words("Acme", rows=120))
    texts = [page.get_textpage().get_text_range() for page in pages]
    assert len(texts) > 2
    assert all("What" in text and f"F-000001 / {number}" in text for number, text in enumerate(texts, start=1))
    assert sum(text.count("Vase") for text in texts) == 120
    assert "$120.00" in texts[-1]


@pytest.mark.parametrize(("rows", "starts"), [(500, [0]), (501, [0, 500]), (1001, [0, 500, 1000])])
def test_a_very_long_paper_is_set_in_parts_and_lacks_nothing(rows: int, starts: list[int]) -> None:
    file = pypdfium2.PdfDocument(print_words("Acme", "ქართული", rows=rows))
    texts = [page.get_textpage().get_text_range() for page in file]
    assert re.findall(r"Vase (\d+)\.", "".join(texts)) == [str(number) for number in range(rows)]
    assert all("What" in text and f"F-000001 / {number}" in text for number, text in enumerate(texts, start=1))
    assert [at for at in range(0, rows, 500) if any(f"Amount\r\nVase {at}." in text for text in texts)] == starts
    assert [number for number, text in enumerate(texts) if "Acme" in text] == [0]
    for once in (f"${rows}.00", f"{GAP} stands for letters that this paper has no font for."):
        assert [number for number, text in enumerate(texts) if once in text] == [len(texts) - 1]
    assert file.get_metadata_dict(skip_empty=True)["Title"] == "Paper"


def test_very_long_papers_do_not_fill_the_memory() -> None:
    """Two at once, in a process of their own; one that was set whole took 158 MB."""
    used = subprocess.run([sys.executable, "-c", _PRINT_TWO], capture_output=True, text=True, check=True)
    assert int(used.stdout) < 100_000


_PRINT_TWO = """
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tests.payouts.test_paper import print_words

def measure():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

print_words()
before = measure()
with ThreadPoolExecutor(2) as threads:
    list(threads.map(lambda name: print_words(name, rows=4000), ["Acme", "Bolt"]))
print(measure() - before)
"""
