"""Letters on paper: a PDF shows them on a machine that has no font for them."""

import pytest
from reportlab.platypus import Paragraph

from app.payouts import paper


def print_words(words: str) -> bytes:
    story = [Paragraph(paper.write(words), paper.styles()["body"])]
    return paper.print_paper(story, title="Paper", author="Acme", number="F-000001")


@pytest.mark.parametrize(
    "words", ["請求書 ¥1,200", "株式会社カフェ・ド・パリ", "Ada's 陶器", "★ ☆ ※ ○ ● ① ℃ Ⅱ □", "𠮷野"]
)
def test_japanese_letters_lie_in_the_file(words: str) -> None:
    assert b"NotoSansJP" in print_words(words)
    assert paper.GAP not in paper.write(words)


@pytest.mark.parametrize(("words", "font"), [("김민수", b"HYGothic-Medium"), ("们好", b"STSong-Light")])
def test_what_the_japanese_font_lacks_is_left_to_the_readers_own(words: str, font: bytes) -> None:
    printed = print_words(words)
    assert font in printed
    assert b"NotoSansJP" not in printed


def test_a_paper_without_them_carries_no_font_for_them() -> None:
    assert b"NotoSansJP" not in print_words("Żółć & Ελλάδα <Дом>")


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("مريم الخزف", "[…] […]"),
        ("Ada דנה", "Ada […]"),
        ("ร้านเซรามิก & Co", "[…] &amp; Co"),
        ("Żółć Ελλάδα Дом", "Żółć Ελλάδα Дом"),
        ("مريم ★", '[…] <font name="NotoSansJP">★</font>'),
        ("민★", '<font name="HYGothic-Medium">민</font><font name="NotoSansJP">★</font>'),
    ],
)
def test_letters_without_a_font_leave_a_gap_that_is_seen_and_explained(words: str, written: str) -> None:
    assert paper.write(words) == written
    assert bool(paper.explain_gaps("Acme", words)) is (paper.GAP in written)


@pytest.mark.parametrize(("name", "whole"), [("Ada", True), ("陶器", True), ("김민수", False), ("مريم", False)])
def test_a_name_is_whole_when_its_letters_lie_in_the_file(name: str, *, whole: bool) -> None:
    assert paper.is_in_file(name) is whole
