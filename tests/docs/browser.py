"""The person with a browser: visits the page that a command names, and agrees."""

import re
import threading
import urllib.request

PAGE = re.compile(r"^  (https://\S+)$", re.MULTILINE)
CODE = re.compile(r"<code>([^<]+)</code>")
COMES_BACK = "Waiting for the browser to come back"
SECONDS = 30


def code(printed):
    """The code on the page that was named last: what a person would copy."""
    return CODE.search(visit(PAGE.findall(printed.replace("\r\n", "\n"))[-1]))[1]


def visit(page):
    # The local issuer agrees at once, and sends whoever asks on to where the login began.
    with urllib.request.urlopen(page, timeout=SECONDS) as reply:
        return reply.read().decode()


class Browser:
    """Follows each page once, where a command waits for a browser."""

    def __init__(self):
        self.seen = 0

    def look(self, printed):
        if printed.count(COMES_BACK) <= self.seen:
            return
        self.seen += 1
        page = PAGE.findall(printed.replace("\r\n", "\n"))[-1]
        threading.Thread(target=visit, args=(page,), daemon=True).start()
