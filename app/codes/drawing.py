"""Codes as pictures: in a page, as files, many of them in one archive."""

import io
import re
import zipfile
from collections.abc import Iterable
from typing import Final

import segno

from app.codes.service import address_of
from app.models.codes import QrCode
from app.models.shops import Shop

SIZES: Final = ("small", "middle", "large")
_QUIET_ZONE: Final = 4
_PNG_PIXELS: Final = 1200
_NOT_IN_NAMES: Final = re.compile(r"[^\w .-]+")


def read_size(asked: str | None) -> str:
    """One of SIZES, whatever was asked."""
    return asked if asked in SIZES else "middle"


def write_inline(shop: Shop, code: QrCode) -> str:
    """Drawn into a page."""
    return _draw(shop, code).svg_inline(border=_QUIET_ZONE, omitsize=True, dark="#000", light="#fff")


def write_file(shop: Shop, code: QrCode, kind: str) -> bytes:
    """The code as "svg" or "png"."""
    drawn, file = _draw(shop, code), io.BytesIO()
    if kind == "svg":
        drawn.save(file, kind="svg", border=_QUIET_ZONE, scale=10, dark="#000", light="#fff")
    else:
        drawn.save(file, kind="png", border=_QUIET_ZONE, scale=_PNG_PIXELS // drawn.symbol_size(border=_QUIET_ZONE)[0])
    return file.getvalue()


def write_archive(shop: Shop, codes: Iterable[QrCode]) -> bytes:
    """A zip with each code as SVG and as PNG."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for code in codes:
            name = _NOT_IN_NAMES.sub("", code.name).strip(" .")
            for kind in ("svg", "png"):
                archive.writestr(f"{name} {code.code}.{kind}".strip(), write_file(shop, code, kind))
    return file.getvalue()


def _draw(shop: Shop, code: QrCode) -> segno.QRCode:
    # "q": a quarter of it may be dirty, torn or under a thumb.
    return segno.make(address_of(shop, code), error="q", micro=False)
