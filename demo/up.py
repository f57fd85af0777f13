"""`make demo`: start everything, fill the shop the first time, say where to look, and stop it all on Ctrl-C."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from demo import keys, seed
from demo.people import Town
from demo.place import ROOT, SHOPS, Place, find_place

_READY_SECONDS = 180
_STOP_SECONDS = 15
_TOKEN_SECONDS = 40 * 60
_OURS = re.compile(rf"{re.escape(sys.executable)} -m (devstore|app\.cli)\b")


def up(var: Path, *, seeded: bool = True) -> None:
    """Run the demo until Ctrl-C or SIGTERM, at whatever moment they come."""
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell's `&` has its programs ignore the first
        signal.signal(ending, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), alone(var):
        place = find_place(var)
        try:
            with running(place) as processes:
                empty = seeded and not seed.is_filled(place)
                _write_json(place, processes, filling=empty)
                _print_table(place)
                if empty:
                    seed.fill(place, Town.of(describe(place, {})), _say)
                _watch(place, processes)
        finally:
            place.json_path.unlink(missing_ok=True)
    _say("\nStopped. `make demo` goes on where this ended; `make demo-reset` forgets it.")


def _watch(place: Place, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Keep demo.json true: a restarted worker has another pid, and Shopify's tokens live an hour."""
    written, told = 0.0, -1.0
    while True:
        changed = _changed_at(place.data / "processes.json")
        if changed != told or time.monotonic() - written > _TOKEN_SECONDS:
            _write_json(place, processes, filling=False)
            written, told = time.monotonic(), changed
        time.sleep(1)
        for name, process in processes.items():
            if process.poll() is not None:
                raise SystemExit(f"{name} has stopped; its log is {place.data / 'logs' / name}.log")


def _changed_at(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


@contextlib.contextmanager
def alone(var: Path) -> Iterator[None]:
    """Two demos must not share one folder: the second is turned away."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "demo.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"A demo runs already; its addresses are in {var}/demo.json. Ctrl-C there ends it."
            ) from None
        _end_what_a_kill_left(var / "demo.json")
        yield


def _end_what_a_kill_left(told: Path) -> None:
    """A demo that was killed stopped nothing: its programs would work on the data beside the next one's."""
    if not told.exists():
        return
    pids: dict[str, int] = json.loads(told.read_text())["pids"]
    # The app's supervisor ends its own in order; the others are left where it was killed, too.
    for name in sorted(pids, key=lambda name: (name == "devstore", name != "app")):
        if not _is_ours(pids[name]):
            continue
        os.kill(pids[name], signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while _is_ours(pids[name]):
            if time.monotonic() > deadline:
                os.kill(pids[name], signal.SIGKILL)
            time.sleep(0.1)
    time.sleep(1)  # what ends gives back its ports last
    told.unlink()


def _is_ours(pid: int) -> bool:
    """Whether this number still means a program that a demo of this checkout started, and not a later one."""
    if Path("/proc/self").exists():
        with contextlib.suppress(OSError):
            return _OURS.match(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")) is not None
        return False
    ps = ["ps", "-o", "command=", "-p", str(pid)]
    shown = subprocess.run(ps, capture_output=True, text=True, check=False)
    return _OURS.match(shown.stdout) is not None


@contextlib.contextmanager
def running(place: Place) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The development store and the app with its database, workers and cron; stopped at the end."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        with _step("Starting the development store (a Shopify of your own)"):
            processes["devstore"] = _start(place, "devstore", ["-m", "devstore"])
        with _step("Starting PostgreSQL and bringing the database up to date"):
            _run(place, ["-m", "app.cli", "migrate"])
        with _step("Starting the app: web, live, workers, cron"):
            arguments = ["--port", str(place.ports["app"]), "--live-port", str(place.ports["live"])]
            processes["app"] = _start(place, "app", ["-m", "app.cli", "dev", *arguments])
            _wait_for(place.url("devstore") + "/_control/health", processes["devstore"])
            _wait_for(place.url("app") + "/readyz", processes["app"])
        yield processes
    finally:
        _stop(list(processes.values()))


def reset(var: Path) -> None:
    """Forget the demo's data. Refused while it runs."""
    with alone(var):
        shutil.rmtree(var / "demo", ignore_errors=True)
    _say("The demo's data is gone. `make demo` makes new.")


def _start(place: Place, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
    """In its own session: Ctrl-C is for us, and we stop the others in order."""
    logs = place.data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=place.environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _run(place: Place, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=place.environment(), capture_output=True, timeout=300, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stderr.decode()}")


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"A program ended while it was starting (exit {process.returncode}); see var/demo/logs.")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2).is_success:
                return
        time.sleep(0.1)
    raise SystemExit(f"{url} did not answer in {_READY_SECONDS} s; see var/demo/logs.")


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """The app first, then the store it talks to."""
    for process in reversed(processes):
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def describe(place: Place, pids: dict[str, int]) -> dict[str, Any]:
    """What demo.json says: every address, port, pid and key of the running demo."""
    store = place.url("devstore")
    return {
        "urls": {
            "merchant_admin": f"{store}/store/acme/apps/stallkeeper",
            "rival_admin": f"{store}/store/zenith/apps/stallkeeper",
            "shopify_admin": f"{store}/store/acme",
            "storefront": place.url("acme"),
            "rival_storefront": place.url("zenith"),
            "vendor_portal": f"{place.url('app')}/portal?shop={SHOPS['acme']}",
            "inbox": f"{store}/inbox",
            "app": place.url("app"),
            "api": f"{place.url('app')}/api/v1",
            "live": place.url("live"),
            "devstore": store,
            "webhooks": f"{place.url('app')}/webhooks",
            "admin_graphql": f"{store}/shops/{SHOPS['acme']}/admin/api/2026-10/graphql.json",
        },
        "ports": place.ports,
        "pids": pids,
        "shops": SHOPS,
        "shop": SHOPS["acme"],
        "api_key": place.keys["api_key"],
        "api_secret": place.keys["api_secret"],
        "log_folder": str(place.data / "logs"),
        "clock_file": str(place.data / "clock-offset"),
        "people": seed.PEOPLE,
    }


def _write_json(place: Place, processes: dict[str, subprocess.Popen[bytes]], *, filling: bool) -> None:
    pids = {"demo": os.getpid(), **{name: process.pid for name, process in processes.items()}}
    with contextlib.suppress(FileNotFoundError):
        pids |= json.loads((place.data / "processes.json").read_text())
    told = describe(place, pids)
    told |= {
        "api_token": "" if filling else keys.read_api_token(place, Town.of(told)),
        "admin_api_token": keys.read_admin_token(place),
        "filling": filling,
    }
    new = place.json_path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(told, indent=2))
    new.replace(place.json_path)


def _print_table(place: Place) -> None:
    told = json.loads(Path(place.json_path).read_text())
    urls, people = told["urls"], told["people"]
    rows = [
        ("Merchant admin", urls["merchant_admin"], people["merchant"]),
        ("Vendor portal", urls["vendor_portal"], people["vendor"]),
        ("Storefront", urls["storefront"], people["customer"]),
        ("Inbox", urls["inbox"], "every e-mail that anybody was sent"),
    ]
    _say("\nYour marketplace is running.\n")
    for name, url, who in rows:
        _say(f"  {name:<15} {url}\n  {'':<15} {who}\n")
    _say(f"Everything else (ports, pids, keys): {place.json_path}\nCtrl-C stops it.")


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    began = time.monotonic()
    _say(f"{what} ...", end=" ")
    yield
    _say(f"{time.monotonic() - began:.1f} s")


def _say(words: str, *, end: str = "\n") -> None:
    sys.stdout.write(words + end)
    sys.stdout.flush()
