"""Checkpoints that are true but of another day, and trust policies that do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lmscompliance.ledgers.service import export
from lmscompliance.verifier import bundle
from lmscompliance.witness import Witness
from tests.verifier.conftest import Exported
from tests.verifier.corpus_case import Case, Expected
from tests.verifier.tamper import put_together, take_apart


def stale(exported: Exported, folder: Path) -> Iterator[Case]:
    """Put the log's own earlier checkpoint, and its earlier record, into a later export."""
    made = exported.miniature
    made.watch(3, 1, 20)
    later = export(made.services, exported.signer, made.class_id, folder / "later")
    yield Case("a later export", later.bundle, exported.trust, Expected(0))
    old, new = take_apart(exported.export.bundle), take_apart(later.bundle)
    record = (bundle.EXPORT_LEAF, bundle.EXPORT_PROOF, bundle.EXPORT_CONSISTENCY)
    for name, files, expected in (
        ("a stale checkpoint", {bundle.CHECKPOINT}, Expected(1, "entries", "内容不在签名的日志中")),
        ("a stale record of the export", set(record), Expected(1, "export", "不是对本班此快照")),
        ("a stale workbook", {bundle.LEDGER}, Expected(1, "workbook", "单元格")),
        (
            "stale entries",
            {bundle.ENTRIES, bundle.DISCLOSURES},
            Expected(1, "entries", "内容不在签名的日志中"),
        ),
    ):
        mixed = new | {one: old[one] for one in files}
        path = put_together(mixed, folder / f"{name.replace(' ', '-')}.lmsev.zip")
        yield Case(name, path, exported.trust, expected)


def other(exported: Exported, folder: Path) -> Iterator[Case]:
    """Hand in what cannot vouch for the bundle."""
    idle = Witness.open(folder / "witness", "w.example", [exported.signer.vkey], exported.miniature.clock)
    witness = f"witness w1 {idle.vkey}"
    path, trust = exported.export.bundle, exported.trust
    log = next(line for line in trust.splitlines() if line.startswith("log "))
    for name, text, named in (
        ("no trust policy", None, "没有信任文件"),
        ("an empty trust policy", "", "信任文件"),
        ("a trust policy of nonsense", "trust everybody\n", "信任文件无法使用"),
        (
            "the trust policy of another log",
            trust.replace("example.com/log", "other.example/log"),
            "信任文件",
        ),
        ("a trust policy whose key was altered", _altered(trust), "信任文件"),
        ("a witness who never signed", f"{log}\n{witness}\nquorum w1\n", "见证组“w1”没有"),
        ("a quorum of all of none", f"{log}\n{witness}\ngroup g all w1\nquorum g\n", "见证组“g”没有"),
    ):
        yield Case(name, path, text, Expected(2, "", named))
    yield Case("a witness not needed", path, f"{log}\n{witness}\nquorum none\n", Expected(0))


def _altered(trust: str) -> str:
    line = next(line for line in trust.splitlines() if line.startswith("log "))
    key = line.split()[1]
    changed = key[:-6] + ("A" if key[-6] != "A" else "B") + key[-5:]
    return trust.replace(key, changed)
