"""A network of the runner's own, where the documented hosts are the local issuer.

Pages show the real hosts, since that is what a reader types. So everything runs in a namespace
without a way out, in which their names are 127.0.0.1 and the platform's certificates include the
local issuer's fresh authority. Nothing outside the namespace changes.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

CERTIFICATES = Path("/etc/ssl/certs")
BUNDLE = "ca-certificates.crt"
# The exit status of a run inside that found something wrong; any other is a failure of the runner.
WRONG = 10


def own_network():
    return os.readlink("/proc/self/ns/net")


def enter(arguments):
    """Runs this program again, inside; gives its exit status."""
    # A process namespace as well, so that nothing started in here outlives it, whatever happens.
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    command += ["--", sys.executable, *arguments]
    command += ["--inside", own_network()]
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            sys.exit("docs: a network of one's own needs root or sudo; nothing was run")
        command = ["sudo", "--", *command]
    status = subprocess.call(command)
    if status not in (0, WRONG):
        print(f"docs: {command[0]} ended with {status}; `unshare --mount --net` must be allowed")
    return 1 if status else 0


def must_be_inside(outside):
    """Mounts must never happen in the machine's own namespace."""
    if own_network() == outside:
        sys.exit("docs: still in the machine's own network")


@contextlib.contextmanager
def issuer(scratch, target, fixture):
    """Brings up the loopback interface, the issuer, its names and trust in it."""
    root("ip", "link", "set", "lo", "up")
    authority = scratch / "authority.pem"
    command = [str(target / "debug" / "examples" / "issuer"), "--https", "--address"]
    command += ["127.0.0.1:443", "--ca-file", str(authority)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        process.stdin.write(fixture.introduction())
        process.stdin.flush()
        announced = json.loads(process.stdout.readline())  # it listens from here on
        name(scratch, announced["hosts"])
        trust(scratch, authority)
        yield
    finally:
        process.stdin.close()  # which ends it
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def name(scratch, names):
    """Makes these the names of the loopback interface."""
    hosts = scratch / "hosts"
    named = "".join(f"127.0.0.1 {host}\n" for host in names)
    hosts.write_text(Path("/etc/hosts").read_text(encoding="utf-8") + "\n" + named)
    hosts.chmod(0o644)
    root("mount", "--bind", str(hosts), "/etc/hosts")


def trust(scratch, authority):
    """Adds the authority to both forms of the platform's certificates: bundle and hashed folder."""
    copy = scratch / "certs"
    shutil.copytree(CERTIFICATES, copy, symlinks=True)
    pem = authority.read_text(encoding="ascii")
    with open(copy / BUNDLE, "a", encoding="ascii") as bundle:
        bundle.write("\n" + pem)
    name = root("openssl", "x509", "-noout", "-hash", "-in", str(authority)).strip()
    (copy / f"{name}.0").write_text(pem, encoding="ascii")
    root("mount", "--bind", str(copy), str(CERTIFICATES))


def root(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
