"""`make demo-story`: the whole main job, through real doors, without a screen.

From installing the app to a vendor's statement: every step does what a person would do and prints what was seen. It
ends with exit code 0 only when every step and the books hold.
"""

import contextlib
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from demo import money_story, shop_story, up
from demo.browser import Unexpected
from demo.people import Town, wait_for
from demo.place import default_var, find_place, read_running
from demo.telling import Story

STEPS: tuple[tuple[str, Callable[[Story], str]], ...] = (*shop_story.STEPS, *money_story.STEPS)


@dataclass
class Telling:
    """What happened so far, for people or for machines."""

    as_json: bool
    steps: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, name: str, seen: str, *, ok: bool, seconds: float) -> None:
        self.steps.append({"step": name, "ok": ok, "seen": seen, "seconds": round(seconds, 2)})
        if not self.as_json:
            sys.stdout.write(f"{'ok   ' if ok else 'FAIL '} {name}\n      {seen}\n")
            sys.stdout.flush()

    def finish(self) -> int:
        held = all(step["ok"] for step in self.steps) and len(self.steps) == len(STEPS)
        if self.as_json:
            sys.stdout.write(json.dumps({"ok": held, "steps": self.steps}, indent=2) + "\n")
        else:
            sys.stdout.write("\nThe whole job works, and the books hold.\n" if held else "\nThe story broke off.\n")
        return 0 if held else 1


def main(*, as_json: bool) -> int:
    """Play the story against the running demo, or start one for it. 0 when every step held."""
    telling = Telling(as_json=as_json)
    with _a_town() as town:
        story = Story(town, run=secrets.token_hex(2))
        try:
            play(story, telling)
        finally:
            story.restore_clock()
    return telling.finish()


def play(story: Story, telling: Telling) -> None:
    """Every step in order; the first that fails ends it, because the others stand on it."""
    for name, step in STEPS:
        began = time.monotonic()
        try:
            seen = step(story)
        except (Unexpected, OSError) as error:
            telling.tell(name, str(error), ok=False, seconds=time.monotonic() - began)
            return
        telling.tell(name, seen, ok=True, seconds=time.monotonic() - began)


def _filled() -> dict[str, Any] | None:
    """The running demo, once its clock stands still."""
    told = read_running()
    return told if told and not told["filling"] else None


@contextlib.contextmanager
def _a_town() -> Iterator[Town]:
    if read_running():
        yield Town.of(wait_for("the demo to fill its shop", _filled, patience=600))
        return
    with up.alone(default_var()):
        place = find_place(default_var())
        with up.running(place):
            yield Town.of(up.describe(place, {}))
