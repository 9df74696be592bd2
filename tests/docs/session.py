"""One bash on a terminal of its own, in a world with a keychain, driven step by step."""

import os
import re
import secrets
import time

import pexpect

from browser import Browser

SECONDS = 90
CHECKOUT_SECONDS = 900
ANSWERS_AT_MOST = 20
# A person takes a moment too; one who types before the terminal stops echoing would show the secret.
MOMENT = 0.08


class Died(Exception):
    """The shell is gone, or did not come back in time."""

    def __init__(self, why, printed):
        super().__init__(why)
        self.printed = printed


class Session:
    def __init__(self, place, fixture, answers):
        self.place = place
        self.answers = answers
        self.everything = []
        self.steps = 0
        self.mark = f"docs-{secrets.token_hex(12)}"
        self.marked = re.compile(re.escape(self.mark) + r" (\d+);")
        self.fifo = place.fifo()
        driver = ["bash", "--norc", "--noprofile", str(place.driver), str(place.fifo_path)]
        driver += [self.mark, str(place.fixture(fixture))]
        self.terminal = pexpect.spawn(
            str(place.with_keychain),
            ["--home", str(place.folder), *driver],
            cwd=str(place.home),
            env=place.environment(),
            dimensions=(40, 100),
            encoding="utf-8",
            codec_errors="replace",
        )
        self.terminal.delaybeforesend = None
        self.wait(SECONDS)

    def run(self, step):
        """Does one step; gives its exit status and all it printed."""
        self.steps += 1
        kind = "script" if step.expected is None else "command"
        file = self.place.step(self.steps, step.text)
        os.write(self.fifo, f"{kind} {file}\n".encode())
        status, printed = self.wait(CHECKOUT_SECONDS if step.checkout else SECONDS)
        return status, printed

    def go_to(self, folder):
        file = self.place.step(f"{self.steps}-cd", f"cd -- '{folder}'")
        os.write(self.fifo, f"command {file}\n".encode())
        self.wait(SECONDS)

    def wait(self, seconds):
        deadline = time.monotonic() + seconds
        printed, answered, answers = "", 0, 0
        person = Browser()
        while True:
            ended = self.marked.search(printed)
            if ended:
                self.everything.append(printed[: ended.start()])
                return int(ended[1]), printed[: ended.start()]
            try:
                printed += self.terminal.read_nonblocking(65536, timeout=MOMENT)
                continue
            except pexpect.TIMEOUT:
                pass
            except pexpect.EOF:
                self.everything.append(printed)
                raise Died("the shell ended", printed) from None
            person.look(printed)
            answer = self.answers.to(printed[answered:])
            if answer is not None and answers < ANSWERS_AT_MOST:
                answered, answers = len(printed), answers + 1
                self.terminal.send(answer + "\n")
            elif time.monotonic() > deadline:
                self.everything.append(printed)
                raise Died(f"not done after {seconds} s", printed)

    def close(self):
        """Ends the agent, the shell and with it the bus and the keyring: what this object started."""
        end = self.place.step("end", "mintage agent stop >/dev/null 2>&1\nexit")
        os.write(self.fifo, f"command {end}\n".encode())
        try:
            self.terminal.expect(pexpect.EOF, timeout=10)
            self.everything.append(self.marked.sub("", self.terminal.before))
        except pexpect.TIMEOUT:
            pass
        self.terminal.close(force=True)
        os.close(self.fifo)
