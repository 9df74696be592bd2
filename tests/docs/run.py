#!/usr/bin/env python3
"""Runs every command of README.md, SECURITY.md and docs/**/*.md, as a reader would.

    scripts/test --only docs                     all pages
    target/test-venv/bin/python tests/docs/run.py --page docs/guides/instructure.md

What pages are written by (scripts/README.md shows it with examples):

* ```console  a transcript. Lines that start with "$ " are commands, continued by a backslash at
  their end; the lines after each are all that it prints. "…" in a line stands for anything, a line
  of nothing but "…" for any number of lines, none too. A command exits 0, or says "# exits N".
  Prompts appear as the terminal shows them; the runner answers them (answers.py).
* ```sh  commands only, run as by `bash -euo pipefail`; what they print is not looked at.
* <!-- sh … -->  the same, unseen by the reader: what a page needs to stand alone. Shell variables
  (docs_client_id, docs_client_secret and the others of fixture.py) hold what the local issuer knows.
* A second word after `console` or `sh`: `checkout` runs the block in the source tree, at the end of
  which the page is back where it was; `macos`, `windows`, `other` and `illustration` mark what
  cannot run here. That is counted and listed, never silently passed over.
* Blocks in other languages are not run. Languages that would dodge these rules (bash, shell, none
  at all with a "$ " inside) are an error.

Each page has a fresh world: HOME, session bus, unlocked gnome-keyring, terminal, and one bash that
keeps folder and variables from block to block. All of it happens in a network namespace of its own,
where the hosts that pages name are the local issuer (network.py). Where a command waits for a
browser, one comes (browser.py). After each page, no secret may be in what was printed, nor in any
file left behind.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree stays as it is, all the more when run as root

import network
import pages
import world
from fixture import Fixture

ROOT = Path(__file__).resolve().parents[2]


def all_pages():
    tops = [ROOT / "README.md", ROOT / "SECURITY.md"]
    return [page for page in tops if page.exists()] + sorted((ROOT / "docs").glob("**/*.md"))


def build(target, parsed):
    """Builds as the caller, before anything runs as root: root's files would stay in the way."""
    cargo = ["cargo", "build", "--quiet", "--locked", "--target-dir", str(target)]
    done = subprocess.run([*cargo, "--bin", "mintage", "--example", "issuer"], cwd=ROOT).returncode
    if any("--example tour" in step.text for page in parsed for step in page.steps):
        done = done or subprocess.run([*cargo, "--example", "tour"], cwd=ROOT).returncode
    if done:
        sys.exit("docs: the build failed")


def main():
    parser = argparse.ArgumentParser(description="Runs the commands of the documentation.")
    parser.add_argument("--page", type=Path, action="append", help="only this page, any file")
    parser.add_argument("--verbose", action="store_true", help="show every command and its output")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--target", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--toolchain", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()

    files = [page.resolve() for page in options.page or all_pages()]
    if not files:
        sys.exit("docs: there is no page to run")
    try:
        parsed = [pages.read(file) for file in files]
    except pages.Unclear as unclear:
        sys.exit(f"docs: {unclear}")

    if options.inside is None:
        target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()
        build(target, parsed)
        arguments = [os.path.abspath(__file__), "--target", str(target)]
        arguments += ["--toolchain", *world.toolchain()]
        arguments += ["--verbose"] if options.verbose else []
        for file in files:
            arguments += ["--page", str(file)]
        sys.exit(network.enter(arguments))
    network.must_be_inside(options.inside)
    sys.exit(run(parsed, options))


def run(parsed, options):
    failures = 0
    with tempfile.TemporaryDirectory(prefix="mintage-docs.", dir="/tmp") as scratch:
        scratch = Path(scratch)
        fixture = Fixture(scratch)
        with network.issuer(scratch, options.target, fixture):
            for number, page in enumerate(parsed):
                started = time.monotonic()
                place = world.Place(scratch / str(number), ROOT, options.target, options.toolchain)
                problems = world.play(page, place, fixture, options.verbose)
                took = time.monotonic() - started
                verdict = f"{len(problems)} WRONG" if problems else "ok"
                print(f"{page.name}: {page.commands()} commands, {verdict} ({took:.1f} s)")
                for problem in problems:
                    print(f"\n{problem}\n")
                sys.stdout.flush()
                failures += len(problems)
    total = sum(page.commands() for page in parsed)
    print(f"{len(parsed)} pages, {total} commands, {failures} wrong")
    left_out = [block for page in parsed for block in page.left_out]
    if left_out:
        print(f"{len(left_out)} blocks not run here:")
        for block in left_out:
            print(f"  {block}")
    if not total:
        print("docs: not a single command was run")
    return network.WRONG if failures or not total else 0


if __name__ == "__main__":
    main()
