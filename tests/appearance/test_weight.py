"""How much script of ours a page brings; htmx and Shopify's own are not ours."""

import re
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"
PAGES = sorted((APP / "templates").rglob("*.html"))
_SCRIPT = re.compile(r'src="/static/([\w-]+\.js)"')
_OTHERS = re.compile(r"""(?:extends|include|import|from) ["']([\w/.]+\.html)["']""")


def list_scripts(page: Path) -> set[str]:
    """Of a template and of everything it is made of."""
    seen, waiting, found = set[Path](), [page], set[str]()
    while waiting:
        seen.add(one := waiting.pop())
        source = one.read_text("utf-8")
        found |= set(_SCRIPT.findall(source))
        waiting += {APP / "templates" / other for other in _OTHERS.findall(source)} - seen
    return found


@pytest.mark.parametrize("door", ["merchant", "portal", "letters", "open"])
def test_no_page_brings_more_than_fifty_kilobytes_of_script(door: str) -> None:
    weights = {
        page.name: sum((APP / "static" / script).stat().st_size for script in list_scripts(page))
        for page in PAGES
        if page.is_relative_to(APP / "templates" / door)
    }
    assert weights
    assert {name: weight for name, weight in weights.items() if weight > 50 * 1024} == {}
