"""Compares what a command printed with what its page shows."""

import re
from functools import lru_cache

ANYTHING = "…"
CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_=>])")


def plain(raw):
    """What a reader sees of a terminal's bytes, as lines without trailing blanks."""
    text = CONTROL.sub("", raw).replace("\r\n", "\n")
    # A bare carriage return starts the line over.
    rows = [row.rsplit("\r", 1)[-1].rstrip() for row in text.split("\n")]
    return trimmed(rows)


def trimmed(rows):
    rows = [row.rstrip() for row in rows]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def line_matches(pattern, line):
    parts = (re.escape(part) for part in pattern.split(ANYTHING))
    return re.fullmatch(".*".join(parts), line) is not None


def matches(expected, got):
    """Whether the lines `got` are what the lines `expected` describe."""
    expected = trimmed(expected)

    @lru_cache(maxsize=None)
    def rest(wanted, seen):
        if wanted == len(expected):
            return seen == len(got)
        if expected[wanted].strip() == ANYTHING:
            return any(rest(wanted + 1, later) for later in range(seen, len(got) + 1))
        return (
            seen < len(got)
            and line_matches(expected[wanted], got[seen])
            and rest(wanted + 1, seen + 1)
        )

    return rest(0, 0)
