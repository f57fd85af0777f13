"""What is printed: papers on A4, set by typst (paper.typ) in fonts with the letters of most names."""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib import resources
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, Final

import pypdfium2
import typst
import uharfbuzz

from app.languages import _, spoken

GAP: Final = "[…]"
"""Stands for letters that none of the fonts has."""
_LAYOUT: Final = Path(__file__).with_name("paper.typ")
_LATIN_FILES: Final = Path(str(resources.files("font_source_sans_pro") / "files"))
_FILES: Final = Path(__file__).parents[1] / "static" / "vendor" / "fonts"
_LATIN: Final = "Source Sans Pro"
_OTHERS: Final = {
    "Vazirmatn": "Vazirmatn_400Regular.ttf",
    "Noto Sans Arabic": "NotoSansArabic_400Regular.ttf",  # has rarer letters; those of Vazirmatn are copied better
    "Noto Sans Hebrew": "NotoSansHebrew_400Regular.ttf",
    "Noto Sans Thai": "NotoSansThai_400Regular.ttf",
    "Noto Sans Devanagari": "NotoSansDevanagari_400Regular.ttf",
    "Noto Sans JP": "NotoSansJP_400Regular.ttf",
    "Noto Sans SC": "NotoSansSC_400Regular.ttf",
    "NanumGothic": "NanumGothic_400Regular.ttf",
}
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MANY_ROWS: Final = 50
"""After which typst is made to forget a paper: it keeps the last ten, 100 kB a row, to be quick with the same again."""
_ROWS_AT_ONCE: Final = 500
"""More are set in parts, each on new pages: typst takes 100 kB of memory a row, however plain, until it has all."""
_ONE_AT_A_TIME: Final = Lock()
"""For papers in parts: their memory does not add up, and pdfium knows no threads."""
_SELECTORS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_TURNS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Letters that are not seen and turn the direction of what follows."""
_SET_APART: Final = re.compile("\u2068.*?\u2069")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What stands on a paper, from the top to the bottom.

    A cell is one line or more, the first as large as other text, the rest small. The last row is the sum; the last
    `numeric` columns are set to the right.
    """

    title: str
    author: str
    number: str
    parties: list[list[str]]
    facts: list[str]
    head: list[str]
    rows: list[list[list[str]]]
    widths_mm: list[int]
    numeric: int
    notes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def print_paper(paper: Paper) -> bytes:
    """The paper as PDF, with its own number and the page's at the foot, and a sentence about letters that it lacks."""
    parts = _cut(paper)
    if len(paper.rows) <= _ROWS_AT_ONCE + 1:  # one is the sum
        return _set(next(parts))
    with _ONE_AT_A_TIME:
        return _join(parts)


def _cut(paper: Paper) -> Iterator[dict[str, Any]]:
    """What the layout is told: one part of a paper after the other."""
    *rows, total = paper.rows
    frame = _compose(asdict(replace(paper, rows=[])) | {"total": total})
    gaps = _has_gap(frame)
    for start in range(0, len(rows) or 1, _ROWS_AT_ONCE):
        part = {"rows": _compose(rows[start : start + _ROWS_AT_ONCE]), "language": spoken()[:2]}
        first, last = start == 0, start + _ROWS_AT_ONCE >= len(rows)
        gaps = gaps or _has_gap(part)
        if last and gaps:
            frame["remarks"].append(write(_("%(gap)s stands for letters that this paper has no font for.", gap=GAP)))
        yield frame | part | {"first": first, "last": last, "pages_before": 0}


def _has_gap(content: dict[str, Any]) -> bool:
    return GAP in json.dumps(content, ensure_ascii=False)


def _set(part: dict[str, Any]) -> bytes:
    tagged = part["first"] and part["last"]  # tags of parts are lost where parts are joined
    try:
        return typst.compile(
            _LAYOUT, font_paths=_fonts(), format="pdf", pdf_tags=tagged, sys_inputs={"paper": json.dumps(part)}
        )
    finally:
        if len(part["rows"]) > _MANY_ROWS:
            _forget()


def _join(parts: Iterator[dict[str, Any]]) -> bytes:
    """One file with the pages of all parts, and with the title and the language of the first."""
    with pypdfium2.PdfDocument(_set(next(parts))) as whole:
        for part in parts:
            with pypdfium2.PdfDocument(_set(part | {"pages_before": len(whole)})) as pages:
                whole.import_pages(pages)
        file = BytesIO()
        whole.save(file)
        return file.getvalue()


def _forget() -> None:
    for _paper in range(11):
        typst.compile(b"", font_paths=_fonts(), format="pdf")


def _compose(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _compose(each) for name, each in part.items()}
    if isinstance(part, list):
        return [_compose(each) for each in part]
    return part if isinstance(part, int) else write(str(part))  # some words are looked up only now


def write(words: str) -> dict[str, Any]:
    """`words` as the layout wants them: with their fonts, best first, and a gap for what no font has."""
    words = _CONTROLS.sub(" ", words).replace("￥", "¥")  # as Japanese amounts have it; our font has the narrow one
    clusters = list(_clusters(words))
    foreign = [cluster for cluster in clusters if not _has(_LATIN, cluster)]
    fonts = sorted(_OTHERS, key=lambda font: -sum(_has(font, cluster) for cluster in foreign)) if foreign else []
    unknown = {cluster for cluster in foreign if not any(_has(font, cluster) for font in fonts)}
    shown: list[str] = []
    for cluster in clusters:
        if cluster.isspace():
            shown.append(" " if cluster in unknown else cluster)
        elif cluster not in unknown:
            shown.append(cluster)
        elif shown[-1:] != [GAP]:
            shown.append(GAP)
    return {"words": "".join(shown), "fonts": [_LATIN, *fonts], "leftwards": _run_leftwards(words)}


def has_letters_for(name: str) -> bool:
    """Whether a paper can show all of a name."""
    return GAP not in write(name)["words"]


def set_apart(name: str) -> str:
    """A name for the inside of a sentence: one that is written from right to left turns nothing around it."""
    return f"\u2068{_TURNS.sub('', name)}\u2069"


def _clusters(words: str) -> Iterator[str]:
    """Letters, each with the marks that belong to it and must be set in its font."""
    cluster = ""
    for letter in words:
        if cluster and unicodedata.category(letter) not in {"Mn", "Mc", "Me"}:
            yield cluster
            cluster = ""
        cluster += letter
    if cluster:
        yield cluster


def _has(font: str, cluster: str) -> bool:
    letters = _letters(font)
    return all(
        ord(letter) in letters or unicodedata.category(letter) == "Cf" or _SELECTORS.match(letter) for letter in cluster
    )


def _run_leftwards(words: str) -> bool:
    """Whether the first letter that has a direction, outside of what is set apart, runs to the left."""
    directions = map(unicodedata.bidirectional, _SET_APART.sub("", words))
    return next((each for each in directions if each in {"L", "R", "AL"}), "L") != "L"


@cache
def _letters(font: str) -> uharfbuzz.Set:
    file = _FILES / _OTHERS[font] if font in _OTHERS else _LATIN_FILES / "SourceSansPro-Regular.ttf"
    return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(file)).unicodes


@cache
def _fonts() -> typst.Fonts:
    """Their letters are read when a paper needs them."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_LATIN_FILES, _FILES])
