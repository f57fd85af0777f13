"""What an operator can set or type stands in docs/operating.md, and each decision in the list of decisions."""

import re
from pathlib import Path

import click
import pytest

from app import cli
from app.queue import QUEUES

ROOT = Path(__file__).parents[2]
OPERATING = (ROOT / "docs/operating.md").read_text()
# Set by the demo, by tests or by `shopify app dev`, never by a person.
INTERNAL = {"STALLKEEPER_CLOCK_DIR", "HOST"}


def test_every_setting_is_explained() -> None:
    read = {
        name
        for source in (ROOT / "app").rglob("*.py")
        for name in re.findall(r"""env(?:iron)?(?:\.get\(|\[)\s*["']([A-Z][A-Z0-9_]+)["']""", source.read_text())
    }
    assert "SHOPIFY_API_KEY" in read
    assert {name for name in read - INTERNAL if f"`{name}`" not in OPERATING} == set()


def test_every_queue_is_among_the_processes_to_start() -> None:
    _, _, processes = OPERATING.partition("under your supervisor")
    sentence, _, _ = processes.partition("\n")
    assert set(re.findall(r"`(\w+)`", sentence.partition("for each of")[2])) == set(QUEUES)


def test_every_command_says_what_it_does() -> None:
    for command in _commands(cli.group):
        assert command.help, command.name


def test_make_help_lists_every_verb() -> None:
    makefile = (ROOT / "Makefile").read_text()
    verbs = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    described = set(re.findall(r"^([a-z][a-z-]*):.*## ", makefile, re.MULTILINE))
    assert verbs == described


def test_every_decision_is_listed_under_its_number() -> None:
    records = [path for path in sorted((ROOT / "docs" / "adr").glob("*.md")) if not path.name.startswith("0000")]
    index = (ROOT / "docs/adr/0000-how-we-record-decisions.md").read_text()
    listed = re.findall(r"^\| \[(\d+)\]\((\S+)\)", index, re.MULTILINE)
    assert listed == [(str(number), path.name) for number, path in enumerate(records, 1)]


def test_every_number_on_the_metrics_page_is_explained() -> None:
    sources = [path.read_text() for room in ("app", "jobs", "webhooks") for path in (ROOT / room).rglob("*.py")]
    named = re.compile(r"""(?:Counter|Histogram|Gauge|\w+MetricFamily)\(\s*"(stallkeeper_\w+)\"""")
    names = {name for text in sources for name in named.findall(text)}
    assert "stallkeeper_oldest_seconds" in names
    explained = re.findall(r"^\| `(stallkeeper_\w+)`", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
    assert set(explained) == names


@pytest.mark.parametrize("page", ["attacks", "conflicts"])
def test_every_test_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(r"`(tests/\S+\.py)::(test_\w+)`", (ROOT / f"docs/{page}.md").read_text())
    assert len(named) > 20
    assert [name for path, name in named if f"def {name}(" not in (ROOT / path).read_text()] == []


def test_every_rule_about_conflicts_names_its_code_and_a_test() -> None:
    page = (ROOT / "docs/conflicts.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| field |")]
    assert len(rows) > 20
    for row in rows:
        *_, code, tests, _end = row.split("|")
        assert "::test_" in tests, row
        for path, name in re.findall(r"`(app/[\w/.]+?)(?:: (\w+))?`", code):
            assert (ROOT / path).exists(), path
            assert not name or f"def {name}(" in (ROOT / path).read_text(), row


def _commands(group: click.Group) -> list[click.Command]:
    found: list[click.Command] = []
    for command in group.commands.values():
        found += _commands(command) if isinstance(command, click.Group) else [command]
    return found
