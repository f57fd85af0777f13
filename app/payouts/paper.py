"""Fonts and styles of what is printed: letters of every European language embedded, and the reader's own for CJK."""

from functools import cache
from importlib import resources
from typing import Final

from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

from app.languages import spoken

INK, MUTED, LINE = colors.HexColor("#1d2320"), colors.HexColor("#5c665f"), colors.HexColor("#e4e1d9")
PLAIN: Final = "SourceSansPro"
BOLD: Final = "SourceSansPro-Bold"
_PACKAGE: Final = "font_source_sans_pro"
_EAST: Final = (
    # Every PDF reader brings these; kana and hangul say which of them, ideographs alone are set in Chinese.
    ("HeiseiKakuGo-W5", range(0x3040, 0x3100)),
    ("HYGothic-Medium", range(0xAC00, 0xD7B0)),
    ("STSong-Light", range(0x2E80, 0xFFEF)),
)


@cache
def _face() -> TTFont:
    """Register the fonts, once a process; returns the plain one."""
    files = resources.files(_PACKAGE) / "files"
    found = [
        TTFont(name, str(files / f"SourceSansPro-{cut}.ttf")) for name, cut in ((PLAIN, "Regular"), (BOLD, "Bold"))
    ]
    for font in found:
        pdfmetrics.registerFont(font)
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)
    for name, _ in _EAST:
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return found[0]


def write(words: str) -> str:
    """`words` as a Paragraph wants them: escaped, and what our font lacks set in one that has it."""
    known = _face().face.charToGlyph
    east = next((name for name, span in _EAST if any(ord(letter) in span for letter in words)), None)
    if spoken() == "ja" and east:
        east = _EAST[0][0]
    pieces: list[str] = []
    for letter in words:
        shown = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(letter, letter)
        is_missing = ord(letter) not in known and not letter.isspace()
        pieces.append(f'<font name="{east}">{shown}</font>' if is_missing and east else shown)
    return "".join(pieces)


@cache
def styles() -> dict[str, ParagraphStyle]:
    """body, small, heading, right, strong."""
    _face()
    body = ParagraphStyle(
        "body", parent=getSampleStyleSheet()["BodyText"], fontName=PLAIN, fontSize=10, leading=13, textColor=INK
    )
    return {
        "body": body,
        "small": ParagraphStyle("small", parent=body, fontSize=9, leading=11, textColor=MUTED),
        "heading": ParagraphStyle("heading", parent=body, fontName=BOLD, fontSize=18, leading=24, spaceAfter=2),
        "right": ParagraphStyle("right", parent=body, alignment=2),
        "strong": ParagraphStyle("strong", parent=body, alignment=2, fontName=BOLD),
    }
