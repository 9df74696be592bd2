"""Reads a Markdown page into the steps that run.py's convention defines."""

import re
from dataclasses import dataclass, field
from pathlib import Path

RUN = {"console", "sh"}
NOT_HERE = {"macos", "windows", "other", "illustration"}
DODGES = {"bash", "shell", "shell-session", "shellsession", "bash-session", "terminal", "zsh-session"}
OTHER_SHELLS = {"zsh", "fish", "powershell", "pwsh", "bat", "cmd"}

FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,}|~{3,}) *(?P<info>[^`]*)$")
EXITS = re.compile(r"\s# exits (\d+)\s*$")


class Unclear(Exception):
    """The page does not keep to the convention."""


@dataclass
class Step:
    """One thing to do: a command with what it prints, or a script that only has to succeed."""

    line: int
    text: str
    expected: list | None = None
    status: int = 0
    checkout: bool = False


@dataclass
class Page:
    name: str
    steps: list = field(default_factory=list)
    left_out: list = field(default_factory=list)

    def commands(self):
        return len(self.steps)


def read(file):
    file = Path(file)
    try:
        name = str(file.relative_to(Path(__file__).resolve().parents[2]))
    except ValueError:
        name = str(file)
    return parse(name, file.read_text(encoding="utf-8"))


def parse(name, text):
    page = Page(name)
    for line, info, body in blocks(name, text.splitlines()):
        language, *words = info.split() or [""]
        where = f"{name}:{line}"
        if language in DODGES or (not language and any(text.startswith("$ ") for text in body)):
            raise Unclear(f"{where}: tag commands as ```console or ```sh, not ```{language}")
        if language in OTHER_SHELLS:
            page.left_out.append(f"{where}: {language}")
        if language not in RUN:
            continue
        if words and words[0] in NOT_HERE:
            page.left_out.append(f"{where}: {info}")
            continue
        if words not in ([], ["checkout"]):
            raise Unclear(f"{where}: what is ```{info}?")
        steps = transcript(name, line, body) if language == "console" else script(line, body)
        for step in steps:
            step.checkout = bool(words)
        page.steps += steps
    return page


def blocks(name, lines):
    """Every fenced block and every <!-- sh comment: (line of its opening, info string, lines)."""
    rows = iter(enumerate(lines, 1))
    for number, line in rows:
        if line.strip() == "<!-- sh":
            yield number, "sh", list(until(rows, lambda text: text.strip() == "-->", name, number))
        elif opening := FENCE.match(line):
            ticks = opening["ticks"]

            def closes(text, ticks=ticks):
                text = text.strip()
                return len(text) >= len(ticks) and set(text) == {ticks[0]}

            indent = len(opening["indent"])
            body = [cut(text, indent) for text in until(rows, closes, name, number)]
            yield number, opening["info"].strip(), body


def until(rows, ends, name, opened):
    for _, text in rows:
        if ends(text):
            return
        yield text
    raise Unclear(f"{name}:{opened}: never closed")


def cut(text, indent):
    return text[min(indent, len(text) - len(text.lstrip(" "))):]


def script(line, body):
    return [Step(line + 1, "\n".join(body))]


def transcript(name, line, body):
    steps = []
    rows = iter(enumerate(body, line + 1))
    for number, text in rows:
        if text.startswith("$ "):
            command = [text[2:]]
            while command[-1].endswith("\\"):
                following = next(rows, None)
                if following is None:
                    raise Unclear(f"{name}:{number}: continued into nothing")
                command.append(following[1])
            exits = EXITS.search(command[-1])
            status = int(exits[1]) if exits else 0
            steps.append(Step(number, "\n".join(command), [], status))
        elif steps:
            steps[-1].expected.append(text)
        else:
            raise Unclear(f"{name}:{number}: output before any command")
    if not steps:
        raise Unclear(f"{name}:{line}: a ```console without a command")
    return steps
