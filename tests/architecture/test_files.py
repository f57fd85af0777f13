"""What must be in no file of ours."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_file_carries_a_merges_leftovers() -> None:
    """A script with them in it stops, and nothing but a browser would say so."""
    ours = [path for folder in ("app", "demo", "devstore", "extensions", "jobs", "webhooks") for path in _texts(folder)]
    assert len(ours) > 500
    assert [path for path in ours if re.search(r"^(<{7}|>{7})", path.read_text("utf-8"), re.MULTILINE)] == []


def test_files_and_functions_stay_short() -> None:
    """As CONTRIBUTING.md says. A migration is one long list by its nature; so are some stories that tests tell."""
    long = []
    for folder in ("app", "bench", "demo", "devstore", "jobs", "webhooks"):
        for path in (ROOT / folder).rglob("*.py"):
            source, name = path.read_text("utf-8"), path.relative_to(ROOT)
            if source.count("\n") > 400:
                long.append(str(name))
            functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
            long += [f"{name}:{node.lineno} {node.name}" for node in functions if _count_lines(node) > 40]
    assert long == []


def test_one_place_writes_tables() -> None:
    """There no text becomes a formula in the spreadsheet of whoever opens the file."""
    writes = re.compile(r"\bcsv\.(writer|DictWriter)\b")
    writers = [path for path in (ROOT / "app").rglob("*.py") if writes.search(path.read_text("utf-8"))]
    assert writers == [ROOT / "app/sheets.py"]


def _count_lines(node: ast.FunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _texts(folder: str) -> list[Path]:
    kinds = {".py", ".js", ".css", ".html", ".liquid", ".json", ".txt", ".graphql", ".toml"}
    return [path for path in (ROOT / folder).rglob("*") if path.suffix in kinds and "vendor" not in path.parts]
