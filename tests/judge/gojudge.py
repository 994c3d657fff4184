"""Hands what we made to the judge that others made: Go's ``sumdb/note`` and ``sumdb/tlog``, from Debian."""

import atexit
import base64
import json
import os
import shutil
import subprocess
import tempfile
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from lmscompliance.evidence.models import Checkpoint, Entry, Position, Tile
from lmscompliance.evidence.reader import log_size, tree
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog import tiles

_SOURCE = Path(__file__).parent / "logjudge" / "main.go"
_LIBRARY = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")


@cache
def program():
    """Build the judge once and return its path; without Go, skip (under CI=true: fail)."""
    go = shutil.which("go")
    if go is None or not _LIBRARY.is_dir():
        reason = "the Go judge is missing: apt-get install golang-go golang-golang-x-mod-dev"
        if os.environ.get("CI") == "true":
            pytest.fail(reason + " (under CI=true it must be there)")
        pytest.skip(reason)
    directory = Path(tempfile.mkdtemp(prefix="lmscompliance-judge-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    binary = directory / "logjudge"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(directory / "cache"),
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }
    subprocess.run([go, "build", "-o", binary, _SOURCE], check=True, env=environment, cwd=directory)
    return binary


def encoded(data):
    """Return base64."""
    return base64.b64encode(data).decode()


def inclusion(nodes_tree, index, size):
    """Return an inclusion proof as the judge reads it."""
    proof = nodes_tree.inclusion(index, size)
    return {"Index": index, "Size": size, "Proof": [encoded(item) for item in proof]}


def consistency(nodes_tree, old, size):
    """Return a consistency proof as the judge reads it."""
    proof = nodes_tree.consistency(old, size)
    return {"Old": old, "Size": size, "Proof": [encoded(item) for item in proof]}


def ask(leaves, **evidence):
    """Return (whether the judge accepts, what it says)."""
    document = {
        "Origin": "",
        "VKey": "",
        "Leaves": [encoded(leaf) for leaf in leaves],
        "Notes": [],
        "Inclusion": [],
        "Consistency": [],
        "Tiles": [],
        **evidence,
    }
    answer = subprocess.run(
        [program()], input=json.dumps(document), capture_output=True, text=True, check=False
    )
    return answer.returncode == 0, answer.stdout + answer.stderr


def collect(services, vkey, probes=200):
    """Return a stored log as the judge reads it: leaves, and everything we claim about them.

    The proofs are spread evenly over the log, about ``probes`` of each kind.
    """
    with reading(services.database) as session:
        size = log_size(session)
        leaves = [
            leaf
            for (leaf,) in session.execute(
                select(Entry.leaf)
                .join(
                    Position,
                    (Position.class_id == Entry.class_id)
                    & (Position.stream == Entry.stream)
                    & (Position.n == Entry.n),
                )
                .where(Position.log_index < size)
                .order_by(Position.log_index)
            )
        ]
        kept = {
            (level, index): data
            for level, index, data in session.execute(select(Tile.level, Tile.tile_index, Tile.data))
        }
        grown = tree(session)
        step = max(1, size // probes)
        sizes = sorted({*range(1, size + 1, step), size})
        return leaves, {
            "Origin": vkey.name,
            "VKey": str(vkey),
            "Notes": list(session.scalars(select(Checkpoint.note))),
            "Inclusion": [
                inclusion(grown, index, at) for at in sizes for index in sorted({0, at // 2, at - 1})
            ],
            "Consistency": [consistency(grown, old, size) for old in sizes]
            + [consistency(grown, old, new) for old, new in pairwise(sizes)],
            "Tiles": [
                {"Path": tiles.path(level, index, len(data) // 32), "Data": encoded(data)}
                for (level, index), data in kept.items()
            ],
        }


def assert_accepts(services, vkey):
    """Fail unless the judge accepts the whole stored log."""
    leaves, evidence = collect(services, vkey)
    accepted, said = ask(leaves, **evidence)
    assert accepted, said
    return said
