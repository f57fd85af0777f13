"""`python -m demo up|reset|story|screenshots`: what the Makefile calls."""

import sys

from demo import place, story, up


def main(arguments: list[str]) -> int:
    """Run one verb; the exit code is 0 when all went well."""
    verb, options = (arguments or ["up"])[0], arguments[1:]
    if verb == "story":
        return story.main(options)
    if verb == "screenshots":
        from demo import screenshots  # noqa: PLC0415 - Playwright is there only for developers

        return screenshots.main(*options[:1])
    if verb == "reset":
        up.reset(place.default_var())
    else:
        up.up(place.default_var(), seeded="--empty" not in options)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
