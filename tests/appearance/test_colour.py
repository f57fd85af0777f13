import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.appearance.colour import DARK, DEFAULT_ACCENT, LIGHT, accent_for, contrast, parse_colour, readable

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.478),
        ("#767676", "#ffffff", 4.542),
        ("#0000ff", "#ffff00", 8.001),
    ],
)
def test_contrast_is_the_one_wcag_defines(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.001)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize(
    ("written", "read"),
    [("#ABC", "#aabbcc"), (" #0b6e5f ", "#0b6e5f"), ("red", None), ("#12345", None), ("", None), (None, None)],
)
def test_a_colour_is_read_or_refused(written: str | None, read: str | None) -> None:
    assert parse_colour(written) == read


def test_an_accent_that_can_be_read_is_left_as_the_merchant_chose_it() -> None:
    accent = accent_for("#0b6e5f", LIGHT)
    assert (accent.fill, accent.text, accent.on_fill) == ("#0b6e5f", "#0b6e5f", "#ffffff")


def test_a_pale_accent_is_darkened_on_paper_and_kept_bright_in_the_dark() -> None:
    assert accent_for("#ffe34d", LIGHT).text != "#ffe34d"
    assert accent_for("#ffe34d", DARK).text == "#ffe34d"


def test_an_accent_that_is_no_colour_becomes_the_products_own() -> None:
    assert accent_for("url(javascript:1)", LIGHT) == accent_for(DEFAULT_ACCENT, LIGHT)


@given(colours)
def test_any_accent_ends_readable_in_both_themes(chosen: str) -> None:
    for ground in (LIGHT, DARK):
        accent = accent_for(chosen, ground)
        assert contrast(accent.on_fill, accent.fill) >= 4.5
        for surface in (*ground.surfaces, accent.soft):
            assert contrast(accent.text, surface) >= 4.5
        assert all(contrast(accent.fill, surface) >= 3 for surface in ground.surfaces)


@given(colours, st.floats(1, 21))
def test_correction_stops_at_the_end_of_the_road(colour: str, ratio: float) -> None:
    corrected = readable(colour, ("#ffffff",), "#000000", ratio)
    assert contrast(corrected, "#ffffff") >= ratio or corrected == "#000000"
