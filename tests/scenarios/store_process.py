"""The development store as a process of its own, forked off one that has imported it: reading its schema and its
packages anew took seconds of every test.
"""

import os
from collections.abc import Mapping
from pathlib import Path


def run(environment: Mapping[str, str], log: Path) -> None:
    """As `python -m devstore`, with this environment and what it says in `log`."""
    from devstore.__main__ import main  # noqa: PLC0415 - what forks has it; what is asked to fork need not

    with log.open("wb", buffering=0) as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.update(environment)
    main()
