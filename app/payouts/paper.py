"""What is printed: page, table, fonts with the letters of Japanese and every European language."""

import io
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from app.languages import _

INK, MUTED, LINE = colors.HexColor("#1d2320"), colors.HexColor("#5c665f"), colors.HexColor("#e4e1d9")
PLAIN: Final = "SourceSansPro"
BOLD: Final = "SourceSansPro-Bold"
_MARGIN: Final = 20 * mm
_PADDING: Final = 6.0
"""Points that reportlab's frame keeps free inside the margins."""
_PACKAGE: Final = "font_source_sans_pro"
_JAPANESE: Final = "NotoSansJP"
_JAPANESE_FILE: Final = Path(__file__).parents[1] / "static" / "vendor" / "NotoSansJP_400Regular.ttf"
_KOREAN, _CHINESE = "HYGothic-Medium", "STSong-Light"
"""These are not in the PDF: the reader takes its own."""
_HANGUL: Final = range(0xAC00, 0xD7B0)
_EAST: Final = range(0x2E80, 0xFFEF)
GAP: Final = "[…]"
"""Stands for letters that none of the fonts has, such as Arabic ones."""


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
    for name in (_KOREAN, _CHINESE):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return found[0]


@cache
def _japanese() -> TTFont:
    """Five megabytes, read when the first paper needs them; a PDF holds only the letters that it shows."""
    font = TTFont(_JAPANESE, str(_JAPANESE_FILE))
    pdfmetrics.registerFont(font)
    return font


def write(words: str) -> str:
    """`words` as a Paragraph wants them: escaped, and what our font lacks set in one that has it."""
    known = _face().face.charToGlyph
    words = words.replace("￥", "¥")  # as Japanese amounts have it; our font has the narrow one
    east = _eastern_font([letter for letter in words if ord(letter) in _EAST and ord(letter) not in known])
    pieces: list[str] = []
    for letter in words:
        shown = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(letter, letter)
        if ord(letter) in known or letter.isspace():
            pieces.append(shown)
        elif ord(letter) in _EAST:
            pieces.append(f'<font name="{east}">{shown}</font>')
        elif ord(letter) in _japanese().face.charToGlyph:  # signs such as ★, and rare letters of names
            pieces.append(f'<font name="{_JAPANESE}">{shown}</font>')
        elif pieces[-1:] != [GAP]:
            pieces.append(GAP)
    return "".join(pieces)


def is_in_file(name: str) -> bool:
    """Whether the fonts of the PDF have all letters of a name."""
    known = _face().face.charToGlyph
    missing = [ord(letter) for letter in name if ord(letter) not in known and not letter.isspace()]
    return all(letter in _japanese().face.charToGlyph for letter in missing)


def explain_gaps(*words: str) -> list[Paragraph]:
    """A sentence at the end of a paper that cannot show all of these words."""
    if not any(GAP in write(each) for each in words):
        return []
    return [
        Paragraph(write(_("%(gap)s stands for letters that this paper has no font for.", gap=GAP)), styles()["small"])
    ]


def _eastern_font(letters: Sequence[str]) -> str | None:
    """The font for letters that ours lacks: one that is in the PDF if it has all of them."""
    if not letters:
        return None
    if all(ord(letter) in _japanese().face.charToGlyph for letter in letters):
        return _JAPANESE
    return _KOREAN if any(ord(letter) in _HANGUL for letter in letters) else _CHINESE


@cache
def styles() -> dict[str, ParagraphStyle]:
    """body, small, heading, right, strong, small_right."""
    _face()
    body = ParagraphStyle(
        "body", parent=getSampleStyleSheet()["BodyText"], fontName=PLAIN, fontSize=10, leading=13, textColor=INK
    )
    return {
        "body": body,
        "small": ParagraphStyle("small", parent=body, fontSize=9, leading=11, textColor=MUTED),
        "heading": ParagraphStyle("heading", parent=body, fontName=BOLD, fontSize=18, leading=24, spaceAfter=2),
        "small_right": ParagraphStyle("small_right", parent=body, fontSize=9, leading=11, textColor=MUTED, alignment=2),
        "right": ParagraphStyle("right", parent=body, alignment=2),
        "strong": ParagraphStyle("strong", parent=body, alignment=2, fontName=BOLD),
    }


def print_paper(story: list[Any], *, title: str, author: str, number: str) -> bytes:
    """The story on A4, with the paper's own number and the page's at the foot."""

    def foot(canvas: Any, paper: Any) -> None:
        canvas.setFont(PLAIN, 8)
        canvas.setFillColor(MUTED)
        canvas.drawRightString(A4[0] - _MARGIN, 12 * mm, f"{number} / {paper.page}")

    target, side = io.BytesIO(), _MARGIN - _PADDING
    paper = SimpleDocTemplate(
        target, pagesize=A4, title=title, author=author, leftMargin=side, rightMargin=side, topMargin=_MARGIN
    )
    paper.build(story, onFirstPage=foot, onLaterPages=foot)
    return target.getvalue()


def make_table(rows: Sequence[list[Any]], widths_mm: Sequence[int], *, numeric: int) -> Table:
    """As wide as the text above it, head and sum set apart.

    The first row is words, the others are paragraphs; the last `numeric` columns are set to the right.
    """
    first = len(widths_mm) - numeric
    head, right = styles()["small"], styles()["small_right"]
    cells = [Paragraph(write(words), right if at >= first else head) for at, words in enumerate(rows[0])]
    table = Table([cells, *rows[1:]], colWidths=[width * mm for width in widths_mm], repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -2), 0.5, LINE),
                ("LINEABOVE", (0, -1), (-1, -1), 1, INK),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
            ]
        )
    )
    return table
