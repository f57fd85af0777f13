"""What must be in no file of ours."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_file_carries_a_merges_leftovers() -> None:
    """A script with them in it stops, and nothing but a browser would say so."""
    ours = [path for folder in ("app", "demo", "devstore", "extensions", "jobs", "webhooks") for path in _texts(folder)]
    assert len(ours) > 500
    assert [path for path in ours if re.search(r"^(<{7}|>{7})", path.read_text("utf-8"), re.MULTILINE)] == []


def _texts(folder: str) -> list[Path]:
    kinds = {".py", ".js", ".css", ".html", ".liquid", ".json", ".txt", ".graphql", ".toml"}
    return [path for path in (ROOT / folder).rglob("*") if path.suffix in kinds and "vendor" not in path.parts]
