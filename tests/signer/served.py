"""The signer as a process of its own, started by the command and ended by its process id."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

from tests.support.patience import PATIENCE_SECONDS

PASSPHRASE = "a passphrase for tests"
ENGLISH = os.environ | {"LC_ALL": "en_US.UTF-8"}


def command(*arguments):
    """Return how the command is called in a process of its own."""
    code = "from lmscompliance.cli import main; main()"
    return [sys.executable, "-u", "-c", code, "signer", *map(str, arguments)]


def start(directory, listen, *, token_file=None):
    """Start a signer and return (process, the URL it says it serves)."""
    options = ["--token-file", token_file] if token_file else []
    process = subprocess.Popen(
        command("serve", directory, "--listen", listen, *options),
        stdout=subprocess.PIPE,
        text=True,
        env=ENGLISH | {"LMSCOMPLIANCE_SIGNER_PASSPHRASE": PASSPHRASE},
    )
    said = process.stdout.readline()
    assert " serves " in said, said
    return process, said.split(" serves ")[1].split(" ")[0]


def end(process, how=signal.SIGTERM):
    """End a signer, however."""
    process.send_signal(how)
    process.wait(timeout=PATIENCE_SECONDS)
    process.stdout.close()


@contextmanager
def serving(directory, listen, **options):
    """Yield the URL of a running signer."""
    process, url = start(directory, listen, **options)
    try:
        yield url
    finally:
        end(process)
