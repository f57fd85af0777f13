"""`python -m demo up|reset|story|screenshots`: what the Makefile calls."""

import argparse
import sys

from demo import place, story, up


def main(arguments: list[str]) -> int:
    """Run one verb; the exit code is 0 when all went well."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="A working marketplace on this machine.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    starting = verbs.add_parser("up", help="start it, with a Shopify of its own, until Ctrl-C")
    starting.add_argument("--empty", action="store_true", help="without vendors, goods and orders")
    verbs.add_parser("reset", help="forget everything it knows")
    telling = verbs.add_parser("story", help="play the whole main job against it")
    telling.add_argument("--json", action="store_true", help="tell it for machines")
    showing = verbs.add_parser("screenshots", help="every page at two widths, from a running demo")
    showing.add_argument("only", nargs="?", default="", help="of the doors whose name it is in")
    wanted = parser.parse_args(arguments)
    if wanted.verb == "story":
        return story.main(as_json=wanted.json)
    if wanted.verb == "screenshots":
        from demo import screenshots  # noqa: PLC0415 - Playwright is there only for developers

        return screenshots.main(wanted.only)
    if wanted.verb == "reset":
        up.reset(place.default_var())
    else:
        up.up(place.default_var(), seeded=not wanted.empty)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
