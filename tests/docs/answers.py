"""What the runner types when a command asks something."""

import re

import browser
from fixture import EMAIL


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
                (r"(Client id|Partner id|Consumer key).*:\s*$", fixture.client_id),
                (r"(Client secret|Partner key|Shared secret).*:\s*$", fixture.client_secret),
                (r"Service \(number or name\).*: $", "datasync"),
                (r"Name for the profile: $", "sync"),
                (r"Email: $", EMAIL),
                (r"Canvas access token.*:\s*$", fixture.canvas_token),
                (r"Password.*:\s*$", fixture.password),
                (r"(API key|Key or password).*:\s*$", fixture.api_key),
                (r"paste the code that it shows.*:\s*$", browser.code),
            ]
        ]

    def to(self, printed):
        last = printed.replace("\r\n", "\n").rsplit("\n", 1)[-1]
        for pattern, answer in self.table:
            if pattern.search(last):
                return answer(printed) if callable(answer) else answer
        return None
