"""Colours of the portal. A merchant picks any accent; what people see is corrected until it can be read.

Pure: standard library only. Colours are `#rrggbb`. Contrast is WCAG 2's ratio, 1 to 21.
"""

import re
from dataclasses import dataclass

DEFAULT_ACCENT = "#0b6e5f"
TEXT_RATIO = 4.5

Rgb = tuple[int, int, int]

_HEX = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


@dataclass(frozen=True)
class Ground:
    """What an accent stands on in one theme: its surfaces, the ink for coloured areas, where to move for contrast."""

    surfaces: tuple[str, ...]
    toward: str
    tint: float


@dataclass(frozen=True)
class Accent:
    """One theme's accent: `fill` with `on_fill` written on it, `text` to write with, `soft` a faint area."""

    fill: str
    on_fill: str
    text: str
    soft: str


LIGHT = Ground(surfaces=("#ffffff", "#fbfaf7", "#f3f1ea"), toward="#000000", tint=0.10)
DARK = Ground(surfaces=("#1c211f", "#141816", "#262c29"), toward="#ffffff", tint=0.18)


def parse_colour(text: str | None) -> str | None:
    """`#abc` or `#aabbcc` (spaces and case forgiven) as `#rrggbb`; None when it is no such colour."""
    match = _HEX.fullmatch((text or "").strip())
    if match is None:
        return None
    digits = match[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(d * 2 for d in digits))


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mix(one: str, other: str, share: float) -> str:
    """`one` with `share` (0 to 1) of `other` stirred in."""
    pairs = zip(_rgb(one), _rgb(other), strict=True)
    return _hex(tuple(round(a + (b - a) * share) for a, b in pairs))


def readable(colour: str, surfaces: tuple[str, ...], toward: str, ratio: float = TEXT_RATIO) -> str:
    """The colour nearest to `colour`, on the way to `toward`, that reaches `ratio` on every surface."""
    for step in range(101):
        candidate = mix(colour, toward, step / 100)
        if all(contrast(candidate, surface) >= ratio for surface in surfaces):
            return candidate
    return toward


def accent_for(chosen: str | None, ground: Ground) -> Accent:
    """The accent of one theme from the merchant's choice (the product's own when the choice is no colour)."""
    wanted = parse_colour(chosen) or DEFAULT_ACCENT
    soft = mix(ground.surfaces[0], wanted, ground.tint)
    fill = readable(wanted, ground.surfaces, ground.toward, 3.0)
    on_fill = max("#ffffff", "#10130f", key=lambda ink: contrast(ink, fill))
    if contrast(on_fill, fill) < TEXT_RATIO:
        fill = readable(fill, (on_fill,), "#000000" if on_fill == "#ffffff" else "#ffffff")
    text = readable(wanted, (*ground.surfaces, soft), ground.toward)
    return Accent(fill=fill, on_fill=on_fill, text=text, soft=soft)


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hex(rgb: tuple[int, ...]) -> str:
    return "#" + "".join(f"{part:02x}" for part in rgb)


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in _rgb(colour)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
