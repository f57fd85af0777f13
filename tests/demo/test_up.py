"""What starts and ends with the demo."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.place import find_place
from demo.up import alone


@contextmanager
def program(arguments: list[str], env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, *arguments], env=env, stderr=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


def test_what_a_killed_demo_left_is_ended_before_the_next_begins_and_nobody_else(tmp_path: Path) -> None:
    env = find_place(tmp_path).environment()
    with program(["-m", "devstore"], env) as left, program(["-c", "import time; time.sleep(60)"]) as somebody_else:
        pids = {"demo": 2**22 + 1, "devstore": left.pid, "web": somebody_else.pid}
        (tmp_path / "demo.json").write_text(json.dumps({"pids": pids}))
        with alone(tmp_path):
            assert left.poll() is not None
            assert somebody_else.poll() is None
        assert not (tmp_path / "demo.json").exists()


def test_a_demo_in_the_background_of_a_shell_ends_at_an_interrupt(tmp_path: Path) -> None:
    program = f"import pathlib; from demo.up import up; up(pathlib.Path({str(tmp_path)!r}), seeded=False)"
    begin = [sys.executable, "-c", f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {program}"]
    with subprocess.Popen(begin, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout
        said = demo.stdout.read(len("Starting"))  # so it listens by now
        demo.send_signal(signal.SIGINT)
        said += demo.communicate(timeout=60)[0]
    assert "Stopped." in said
    assert demo.returncode == 0
    assert not (tmp_path / "demo.json").exists()
