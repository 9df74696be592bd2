"""The world of one page, and a page played in it."""

import os
import pwd
import shutil
import sys
import textwrap
from pathlib import Path

import transcript
from answers import Answers
from session import Died, Session


def toolchain():
    """Where cargo is, and its two folders; a page's HOME is not where they are looked for."""
    home = Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)
    cargo = os.path.dirname(shutil.which("cargo") or "/usr/bin/cargo")
    places = [(name, home / f".{name.lower()}") for name in ("CARGO", "RUSTUP")]
    return [cargo, *(os.environ.get(f"{name}_HOME") or str(path) for name, path in places)]


class Place:
    """The folders and files of one page's world."""

    def __init__(self, folder, root, target, tools):
        self.folder, self.root, self.target, self.tools = folder, root, target, tools
        self.home = folder / "home"
        self.bin = folder / "bin"
        self.steps = folder / "steps"
        self.fifo_path = folder / "fifo"
        self.driver = Path(__file__).with_name("session.sh")
        self.with_keychain = root / "scripts" / "with-keychain"
        for made in (self.home, self.bin, self.steps):
            made.mkdir(parents=True)
        folder.chmod(0o700)
        (self.bin / "mintage").symlink_to(target / "debug" / "mintage")
        (self.bin / "dap").symlink_to(Path(sys.executable).parent / "dap")

    def fifo(self):
        os.mkfifo(self.fifo_path, 0o600)
        return os.open(self.fifo_path, os.O_RDWR | os.O_CLOEXEC)

    def step(self, name, text):
        file = self.steps / f"{name}.sh"
        file.write_text(text + "\n", encoding="utf-8")
        return file

    def fixture(self, fixture):
        return self.step("fixture", fixture.variables())

    def environment(self):
        """All that a page's commands find set; nothing of the caller's."""
        cargo, cargo_home, rustup_home = self.tools
        system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        user = pwd.getpwuid(os.getuid()).pw_name
        return {
            "PATH": f"{self.bin}:{cargo}:{system}",
            "CARGO_HOME": cargo_home,
            "RUSTUP_HOME": rustup_home,
            "CARGO_TARGET_DIR": str(self.target),
            "USER": user,
            "LOGNAME": user,
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }


def play(page, place, fixture, verbose):
    """Runs a page's steps in order; gives what was wrong, as texts for people."""
    if not page.steps:
        return []
    problems = []
    try:
        session = Session(place, fixture, Answers(fixture))
    except Died as died:
        return [f"{page.name}: no shell: {died}\n{indented(died.printed)}"]
    try:
        for step in page.steps:
            here = f"{page.name}:{step.line}"
            if step.checkout:
                session.go_to(place.root)
            status, printed = session.run(step)
            if step.checkout:
                session.go_to(place.home)
            got = transcript.plain(printed)
            if verbose:
                print(f"{here}\n{indented(step.text)}\n -> {status}\n{indented(got)}")
            if status != step.status:
                problems.append(told(here, step, got, f"exit {status} instead of {step.status}"))
                break  # whatever follows builds on it
            if step.expected is not None and not transcript.matches(step.expected, got):
                problems.append(told(here, step, got, "prints something else"))
    except Died as died:
        got = transcript.plain(died.printed.replace(session.mark, "(end)"))
        problems.append(told(here, step, got, str(died)))
    finally:
        session.close()
    return [scrubbed(text, fixture) for text in problems + leaks(page, place, session, fixture)]


def leaks(page, place, session, fixture):
    """Where a secret was left in the clear."""
    found = []
    printed = "".join(session.everything).encode()
    for what, canary in fixture.canaries().items():
        if canary in printed:
            found.append(f"{page.name}: LEAK: {what} was printed (--verbose shows where)")
        for top in (place.home, place.folder / "run"):
            for folder, _, names in os.walk(top):
                for file in (Path(folder) / name for name in names):
                    if file.is_file() and not file.is_symlink() and canary in file.read_bytes():
                        found.append(f"{page.name}: LEAK: {what} is in {file.relative_to(top)}")
    return found


def told(here, step, got, what):
    parts = [f"{here}: {what}", "  command:", indented(step.text)]
    if step.expected is not None:
        parts += ["  expected:", indented(transcript.trimmed(step.expected))]
    return "\n".join([*parts, "  got:", indented(got)])


def scrubbed(text, fixture):
    for what, canary in fixture.canaries().items():
        text = text.replace(canary.decode(), f"({what.upper()})")
    return text


def indented(text):
    lines = text if isinstance(text, list) else transcript.trimmed(text.splitlines())
    return textwrap.indent("\n".join(lines) or "(nothing)", "    | ")
