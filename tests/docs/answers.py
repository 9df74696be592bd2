"""What the runner types when a command asks something."""

import re


class Answers:
    """Finds the answer to a prompt: the last, unfinished line of what a command has printed."""

    def __init__(self, fixture):
        self.table = [
            (re.compile(pattern), answer)
            for pattern, answer in [
                (r"\[Y/n\]\W*$", "y"),
                (r"\[y/N\]\W*$", "y"),
                (r"(?i)recovery.*[:?]\s*$", ""),
                (r"(?i)passphrase.*[:?]\s*$", fixture.passphrase),
                (r"(?i)(the same|once more|again).*[:?]\s*$", fixture.passphrase),
                (r"Client id.*:\s*$", fixture.client_id),
                (r"Client secret.*:\s*$", fixture.client_secret),
            ]
        ]

    def to(self, printed):
        last = printed.replace("\r\n", "\n").rsplit("\n", 1)[-1]
        for pattern, answer in self.table:
            if pattern.search(last):
                return answer
        return None
