"""Finding our blocks in a theme's files, and saying what a new theme lacks."""

import json
from pathlib import Path

import pytest

from app.home.theme_rules import BLOCKS, find_blocks, list_lost

EXTENSION = Path(__file__).parents[2] / "extensions" / "theme"


def template(block: str, app: str = "stall", **more: object) -> str:
    block_type = f"shopify://apps/{app}/blocks/{block}/0195e1a2"
    return json.dumps({"sections": {"apps": {"type": "apps", "blocks": {"x": {"type": block_type, **more}}}}})


def test_a_block_is_found_wherever_it_stands_and_however_shopify_writes_it() -> None:
    commented = "/*\n * written by the editor: {}\n */\n" + template("vendor-card").replace("/", "\\/")
    embeds = json.dumps({"current": {"blocks": {"1": {"type": "shopify://apps/stall/blocks/lists/0195"}}}})
    assert find_blocks([commented, embeds], "stall") == {"vendor-card", "lists"}


@pytest.mark.parametrize(
    "text",
    [
        template("vendor-card", app="another"),
        template("vendor-card", disabled=True),
        json.dumps({"type": "shopify://apps/stall/blocks/vendor-card"}),
        json.dumps({"type": ["shopify://apps/stall/blocks/vendor-card/1"]}),
        "{ no json",
        "[" * 100_000,
        "",
    ],
)
def test_another_apps_block_one_that_is_off_and_nonsense_are_none_of_ours(text: str) -> None:
    assert find_blocks([text], "stall") == set()


def test_only_a_new_theme_loses_blocks() -> None:
    assert list_lost(["vendor-card", "lists"], [], ["lists"], is_new_theme=True) == ["vendor-card"]
    assert list_lost(["vendor-card", "lists"], [], ["lists"], is_new_theme=False) == []


def test_what_was_lost_stays_so_until_it_is_there_again() -> None:
    assert list_lost(["lists"], ["vendor-card"], ["lists"], is_new_theme=False) == ["vendor-card"]
    assert list_lost(["lists"], ["vendor-card"], ["lists", "vendor-card"], is_new_theme=True) == []
    assert list_lost(["of-an-old-version"], [], [], is_new_theme=True) == []


def test_every_block_of_the_extension_is_known_by_the_name_that_the_theme_editor_shows() -> None:
    texts = json.loads((EXTENSION / "locales" / "en.default.schema.json").read_text())
    names = {path.stem: texts[path.stem.replace("-", "_")]["name"] for path in (EXTENSION / "blocks").glob("*.liquid")}
    assert {handle: block.title for handle, block in BLOCKS.items()} == names
