"""Letters on paper: a PDF shows them on a machine that has no font for them."""

import pytest
from reportlab.platypus import Paragraph

from app.payouts import paper


def print_words(words: str) -> bytes:
    story = [Paragraph(paper.write(words), paper.styles()["body"])]
    return paper.print_paper(story, title="Paper", author="Acme", number="F-000001")


@pytest.mark.parametrize("words", ["請求書 ¥1,200", "株式会社カフェ・ド・パリ", "Ada's 陶器"])
def test_japanese_letters_lie_in_the_file(words: str) -> None:
    assert b"NotoSansJP" in print_words(words)


@pytest.mark.parametrize(("words", "font"), [("김민수", b"HYGothic-Medium"), ("们好", b"STSong-Light")])
def test_what_the_japanese_font_lacks_is_left_to_the_readers_own(words: str, font: bytes) -> None:
    printed = print_words(words)
    assert font in printed
    assert b"NotoSansJP" not in printed


def test_a_paper_without_them_carries_no_font_for_them() -> None:
    assert b"NotoSansJP" not in print_words("Żółć & Ελλάδα <Дом>")
