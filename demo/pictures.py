"""Product pictures for the demo, drawn here: quiet still lifes on paper, so that a shop looks like a shop.

Everything is drawn on a canvas of 1000 units and three times the size, then scaled down, which smooths the edges.
"""

import io
import math
import random
from collections.abc import Callable
from functools import partial

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Painter = Callable[[ImageDraw.ImageDraw, Colour, random.Random], None]

_SIZE = 900
_SCALE = 2
_UNIT = _SIZE * _SCALE / 1000
_BACKGROUNDS: list[tuple[Colour, Colour]] = [
    ((243, 236, 226), (226, 214, 197)),
    ((232, 238, 233), (207, 219, 209)),
    ((238, 232, 236), (219, 208, 214)),
    ((231, 236, 241), (205, 214, 222)),
]
GLAZES: dict[str, Colour] = {
    "sea": (74, 124, 134),
    "moss": (107, 124, 82),
    "clay": (176, 98, 66),
    "ink": (58, 66, 84),
    "cream": (228, 213, 184),
    "rose": (192, 128, 122),
    "honey": (205, 148, 66),
    "wheat": (190, 141, 84),
    "plum": (112, 70, 92),
}


def draw(kind: str, glaze: str, *, seed: int = 0) -> bytes:
    """A JPEG of one thing: kind is a key of PAINTERS, glaze one of GLAZES. The same arguments give the same picture."""
    chance = random.Random(f"{kind}-{glaze}-{seed}")
    canvas = _paper(chance)
    shadow = Image.new("L", canvas.size, 0)
    ImageDraw.Draw(shadow).ellipse(_box(210, 745, 830, 855), fill=120)
    canvas.paste((70, 60, 50), mask=shadow.filter(ImageFilter.GaussianBlur(26 * _UNIT)).point(lambda v: v * 0.75))
    thing = Image.new("RGBA", canvas.size, (0, 0, 0, 0))
    PAINTERS[kind](ImageDraw.Draw(thing), GLAZES[glaze], chance)
    canvas.paste(_lit(thing), mask=thing.getchannel("A"))
    out = io.BytesIO()
    canvas.resize((_SIZE, _SIZE), Image.Resampling.LANCZOS).save(out, "JPEG", quality=86)
    return out.getvalue()


def _paper(chance: random.Random) -> Image.Image:
    """A wall and a table in two near tones, with a soft light from the left."""
    top, bottom = chance.choice(_BACKGROUNDS)
    side = _SIZE * _SCALE
    canvas = Image.new("RGB", (side, side), top)
    ImageDraw.Draw(canvas).rectangle(_box(0, 690, 1000, 1000), fill=bottom)
    light = Image.linear_gradient("L").rotate(90).resize((side, side)).point(lambda v: v * 0.16)
    canvas.paste((40, 34, 28), mask=light)
    return canvas


def _lit(thing: Image.Image) -> Image.Image:
    """Shade the right side and lighten the left, so that flat shapes look round."""
    shade = Image.linear_gradient("L").rotate(90).resize(thing.size)
    solid = thing.convert("RGB")
    solid.paste((20, 16, 14), mask=shade.point(lambda v: max(0, v - 110) * 0.62))
    solid.paste((255, 252, 244), mask=shade.point(lambda v: max(0, 105 - v) * 0.42))
    return solid


def _vase(pen: ImageDraw.ImageDraw, colour: Colour, chance: random.Random) -> None:
    belly, neck = chance.randint(150, 190), chance.randint(45, 70)
    sides = [(500 + _profile(t, belly, neck), 300 + 500 * t) for t in _steps(60)]
    _body(pen, sides, colour)
    pen.ellipse(_box(500 - neck - 18, 286, 500 + neck + 18, 318), fill=_darker(colour, part=0.45))
    for stem in range(3):
        tip = (430 + stem * 75 + chance.randint(-25, 25), 70 + chance.randint(0, 70))
        pen.line([_point(500, 300), _point(*tip)], fill=(104, 116, 78), width=round(7 * _UNIT))
        for leaf in (0.25, 0.5, 0.75, 1):
            x, y = 500 + (tip[0] - 500) * leaf, 300 + (tip[1] - 300) * leaf
            pen.ellipse(_box(x - 34, y - 13, x + 34, y + 13), fill=(122, 138, 92))


def _profile(t: float, belly: int, neck: int) -> float:
    return neck + (belly - neck) * math.sin(math.pi * min(1, t * 1.12)) ** 0.8 if t < 0.88 else neck + belly * 0.28


def _bowl(pen: ImageDraw.ImageDraw, colour: Colour, _chance: random.Random) -> None:
    sides = [(500 + 290 * math.cos(t * math.pi / 2.15) ** 0.7, 520 + 290 * t) for t in _steps(50)]
    _body(pen, sides, colour)
    pen.ellipse(_box(210, 470, 790, 575), fill=_darker(colour, part=0.25))
    pen.ellipse(_box(232, 482, 768, 568), fill=_lighter(colour, part=0.35))


def _mug(pen: ImageDraw.ImageDraw, colour: Colour, _chance: random.Random) -> None:
    pen.ellipse(_box(600, 480, 810, 720), outline=colour, width=round(42 * _UNIT))
    _body(pen, [(670 - 16 * t * t, 410 + 400 * t) for t in _steps(20)], colour)
    pen.ellipse(_box(330, 376, 670, 444), fill=_darker(colour, part=0.2))
    pen.ellipse(_box(348, 386, 652, 438), fill=(78, 52, 38))
    pen.rectangle(_box(338, 650, 662, 668), fill=_lighter(colour, part=0.3))


def _plate(pen: ImageDraw.ImageDraw, colour: Colour, chance: random.Random) -> None:
    for index, inset in enumerate((0, 46, 62)):
        tone = (colour, _darker(colour, part=0.12), _lighter(colour, part=0.22))[index]
        pen.ellipse(_box(150 + inset, 250 + inset, 850 - inset, 850 - inset * 1.2), fill=tone)
    for _ in range(90):
        angle, far = chance.uniform(0, math.tau), chance.uniform(0, 235)
        x, y = 500 + far * math.cos(angle), 545 + far * math.sin(angle) * 0.86
        pen.ellipse(_box(x - 4, y - 4, x + 4, y + 4), fill=_darker(colour, part=0.3))


def _loaf(pen: ImageDraw.ImageDraw, colour: Colour, chance: random.Random) -> None:
    pen.ellipse(_box(170, 420, 830, 840), fill=colour)
    pen.rounded_rectangle(_box(180, 620, 820, 815), 80 * _UNIT, fill=_darker(colour, part=0.08))
    for cut in range(4):
        start = 290 + cut * 120 + chance.randint(-10, 10)
        pen.line([_point(start, 610), _point(start + 85, 455)], fill=(242, 222, 184), width=round(26 * _UNIT))
    for _ in range(160):
        x, y = chance.gauss(500, 160), chance.gauss(560, 70)
        pen.ellipse(_box(x - 3, y - 3, x + 3, y + 3), fill=(250, 240, 220))


def _jar(pen: ImageDraw.ImageDraw, colour: Colour, _chance: random.Random) -> None:
    pen.rounded_rectangle(_box(330, 370, 670, 820), 60 * _UNIT, fill=colour)
    pen.rounded_rectangle(_box(350, 300, 650, 390), 20 * _UNIT, fill=(206, 196, 178))
    pen.rounded_rectangle(_box(375, 520, 625, 700), 14 * _UNIT, fill=(250, 246, 236))
    for line, width in ((565, 170), (605, 120), (640, 150)):
        pen.rectangle(_box(500 - width / 2, line, 500 + width / 2, line + 10), fill=_darker(colour, part=0.5))


def _scarf(pen: ImageDraw.ImageDraw, colour: Colour, chance: random.Random) -> None:
    pen.polygon([_point(*p) for p in ((300, 180), (700, 220), (660, 800), (330, 820))], fill=colour)
    for stripe in range(9):
        y, tone = 230 + stripe * 64, _lighter(colour, part=0.25) if stripe % 3 else _darker(colour, part=0.3)
        slope, thick = chance.randint(6, 18), chance.choice((10, 18, 26))
        left, right = 304 + stripe * 3, 697 - stripe * 4.5
        pen.line([_point(left, y), _point(right, y + slope)], fill=tone, width=round(thick * _UNIT))
    for fringe in range(22):
        x = 336 + fringe * 15
        pen.line([_point(x, 815), _point(x - 4, 868)], fill=_darker(colour, part=0.15), width=round(5 * _UNIT))


def _candle(pen: ImageDraw.ImageDraw, colour: Colour, _chance: random.Random) -> None:
    pen.rounded_rectangle(_box(385, 400, 615, 820), 26 * _UNIT, fill=colour)
    pen.ellipse(_box(385, 376, 615, 428), fill=_lighter(colour, part=0.35))
    pen.line([_point(500, 400), _point(504, 330)], fill=(50, 44, 40), width=round(9 * _UNIT))
    pen.polygon([_point(*p) for p in ((504, 212), (538, 300), (504, 344), (472, 300))], fill=(244, 190, 92))


def _board(pen: ImageDraw.ImageDraw, colour: Colour, chance: random.Random) -> None:
    pen.rounded_rectangle(_box(290, 330, 710, 850), 70 * _UNIT, fill=colour)
    pen.rounded_rectangle(_box(450, 140, 550, 400), 46 * _UNIT, fill=colour)
    pen.ellipse(_box(478, 168, 522, 212), fill=(226, 214, 197))
    for grain in range(14):
        x = 312 + grain * 28 + chance.randint(-6, 6)
        bend = [_point(x + 9 * math.sin(y / 70 + grain), y) for y in range(360, 830, 12)]
        pen.line(bend, fill=_darker(colour, part=chance.uniform(0.06, 0.18)), width=round(4 * _UNIT))


PAINTERS: dict[str, Painter] = {
    "vase": _vase,
    "bowl": _bowl,
    "mug": _mug,
    "plate": _plate,
    "loaf": _loaf,
    "jar": _jar,
    "scarf": _scarf,
    "candle": _candle,
    "board": _board,
}


def _body(pen: ImageDraw.ImageDraw, right_side: list[tuple[float, float]], colour: Colour) -> None:
    """A thing that was turned on a wheel: its right outline, mirrored, on an elliptic foot."""
    left_side = [(1000 - x, y) for x, y in reversed(right_side)]
    foot_x, foot_y = right_side[-1]
    pen.ellipse(_box(1000 - foot_x, foot_y - 24, foot_x, foot_y + 24), fill=colour)
    pen.polygon([_point(*p) for p in right_side + left_side], fill=colour)


def _steps(count: int) -> list[float]:
    return [i / count for i in range(count + 1)]


def _point(x: float, y: float) -> tuple[float, float]:
    return x * _UNIT, y * _UNIT


def _box(left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
    return (*_point(left, top), *_point(right, bottom))


def _mix(colour: Colour, other: int, part: float) -> Colour:
    red, green, blue = (round(c + (other - c) * part) for c in colour)
    return red, green, blue


_darker = partial(_mix, other=0)
_lighter = partial(_mix, other=255)
