"""console.py CANARY PROFILE-FOLDER COMMAND…

Answers what mintage asks at a Windows console, as a person would: keys go into a terminal, which
Wine makes into a console. Nothing that is secret may be shown, the canary least of all. There is
a vault already.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

CANARY, PROFILE, *COMMAND = sys.argv[1:]
PATIENCE = 60
SECRET = f"{CANARY}-\u00fc\u20ac"
PHRASE = f"correct {CANARY} b\u00e4r"
ADD = ["--token-url", "https://127.0.0.1:1/token"]
ID_OR_PAIR = "(or paste id and secret):"


def spawn(arguments):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execvp(COMMAND[0], [*COMMAND, *arguments])
    # Wide, so that no line is broken where it is looked at.
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 250, 0, 0))
    return pid, terminal


def read(terminal, until, arguments):
    """What is written, until `until` is in it or the program ends."""
    shown = b""
    end = time.monotonic() + PATIENCE
    while until is None or until.encode() not in shown:
        if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            sys.exit(f"console: {arguments} waits for ever, after {shown!r}")
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            part = b""
        if not part:
            break
        shown += part
    return shown.decode(errors="replace")


def wait_for_wine(terminal):
    """Until the terminal itself echoes nothing: a new console may show a question before that."""
    end = time.monotonic() + PATIENCE
    while termios.tcgetattr(terminal)[3] & termios.ECHO:
        check(time.monotonic() < end, "Wine leaves the terminal's own echo on")
        time.sleep(0.01)


def session(arguments, *answers, code=0):
    """Runs mintage, gives each (question, keys) its keys, and returns all that was shown."""
    pid, terminal = spawn(arguments)
    shown = ""
    for question, keys in answers:
        shown += read(terminal, question, arguments)
        wait_for_wine(terminal)
        os.write(terminal, keys.encode())
    shown += read(terminal, None, arguments)
    got = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    if got != code:
        sys.exit(f"console: {arguments} exited with {got} instead of {code}: {shown!r}")
    return shown


def check(holds, what):
    if not holds:
        sys.exit(f"console: {what}")


def main():
    shown = session(["add", "typed", *ADD], (ID_OR_PAIR, "canary-id\r"),
                    ("Client secret:", f"wrong\x15{SECRET}x\x7f\r"))
    check(CANARY not in shown, f"a secret was shown while it was typed: {shown!r}")
    check(SECRET in session(["show", "typed", "--reveal"]), "what was typed is not what was kept")

    shown = session(["add", "pasted", *ADD],
                    (ID_OR_PAIR, f"DAP_CLIENT_ID=canary-id\r\nDAP_CLIENT_SECRET={SECRET}\r\n"))
    check(CANARY not in shown, f"a secret was shown while it was pasted: {shown!r}")
    check(SECRET in session(["show", "pasted", "--reveal"]), "a paste of two lines was cut")

    session(["add", "arrow", *ADD], (ID_OR_PAIR, f"{CANARY}\x1b[Dx\rnever\r"), code=2)
    # Ctrl-D: Ctrl-Z and Ctrl-C go to Wine itself here.
    session(["add", "closed", *ADD], (ID_OR_PAIR, "\x04"), code=4)
    listed = session(["list"])
    check("arrow" not in listed and "closed" not in listed, "what was refused was added")

    shown = session(["remove", "pasted"], ("[y/N]", "yx\x7fes\r"))
    check("removed" in shown, "an echoed answer was not taken")

    shown = session(["--vault", "third", "init", "--key", "passphrase"],
                    ("recovery key [", f"{PROFILE}\\third.txt\r"),
                    ("New passphrase:", f"{PHRASE}\r"), ("The same again:", f"{PHRASE}\r"))
    check(CANARY not in shown, f"a passphrase was shown: {shown!r}")
    session(["--vault", "third", "list"], ("Passphrase:", f"{PHRASE}\r"))
    session(["--vault", "third", "list"], ("Passphrase:", f"not {PHRASE}\r"), code=5)


main()
