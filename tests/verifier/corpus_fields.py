"""Each field of each JSON in a bundle, changed to something well-formed that is not true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lmscompliance.kernel import jcs
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.verifier import bundle
from tests.verifier.corpus_case import Change, Expected
from tests.verifier.tamper import Files, entries, with_entries

HASH = to_base64(b"\x07" * 32)


def changes(files: Files) -> Iterator[Change]:
    """Yield a change for every field."""
    yield from _manifest(files)
    yield from _entry(files)
    yield from _disclosure(files)
    yield from _export(files)
    laxer = files[bundle.POLICY].replace(b'"value":"60"', b'"value":"50"')
    yield Change("policy: a value", files | {bundle.POLICY: laxer}, Expected(1, "policy", "备案"))
    key = files[bundle.LOG_KEY].replace(b"example.com/log", b"example.com/lag")
    yield Change("key: its name", files | {bundle.LOG_KEY: key}, Expected(1, "checkpoint", bundle.LOG_KEY))


def _manifest(files: Files) -> Iterator[Change]:
    """Change the manifest, which nobody signs: what it says must be said by something that is signed."""
    value: Any = json.loads(files[bundle.MANIFEST])
    first = value["files"][0]
    for name, changed, step, named in (
        ("code", {"code": "OTHER-1"}, "manifest", "code"),
        ("snapshot", {"snapshot": "0" * 26}, "manifest", "snapshot"),
        ("edition", {"edition": 7}, "manifest", "edition"),
        ("format", {"format": "lmsev/2"}, "manifest", "lmsev/2"),
        ("size", {"size": value["size"] + 1}, "checkpoint", "检查点为"),
        ("class", {"class": "0" * 26}, "entries", "不属于本班"),
        ("a name", {"files": [first | {"name": "other"}, *value["files"][1:]]}, "manifest", ""),
        (
            "a digest",
            {"files": [first | {"sha256": "0" * 64}, *value["files"][1:]]},
            "manifest",
            first["name"],
        ),
        ("a length", {"files": [first | {"size": 1}, *value["files"][1:]]}, "manifest", first["name"]),
        ("a file unlisted", {"files": value["files"][1:]}, "manifest", ""),
    ):
        data = jcs.encode(value | changed)
        expected = Expected(1, step, named)
        yield Change(f"manifest: {name}", files | {bundle.MANIFEST: data}, expected, careful=False)


def _entry(files: Files) -> Iterator[Change]:
    found = entries(files)
    place = next(i for i, (_, leaf) in enumerate(found) if leaf.t == "trainee.registered")
    entry, leaf = found[place]
    shortened = replace(entry, proof=entry.proof[:-1])
    turned = replace(entry, proof=(b"\x07" * 32, *entry.proof[1:]))
    moved = replace(entry, index=entry.index + 1)
    envelope: Any = json.loads(entry.leaf)
    fields = {
        "t": "exam.locked",
        "class": "0" * 26,
        "stream": "enrolment/other",
        "n": 1,
        "prev": HASH,
        "at": leaf.at_us - 1,
        "body": {**leaf.body, "registered_us": 0},
        "d": {**leaf.d, "name": HASH},
        "v": 2,
    }
    lines = [("index", moved), ("proof shortened", shortened), ("proof", turned)]
    for name, value in fields.items():
        text = jcs.encode(envelope | {name: value}).decode()
        lines.append((f"leaf's {name}", replace(entry, leaf=text)))
    for name, one in lines:
        changed = [other for other, _ in found]
        changed[place] = one
        expected = Expected(1, "entries", f"日志第 {one.index} 条")
        yield Change(f"entry: {name}", with_entries(files, changed), expected)


def _disclosure(files: Files) -> Iterator[Change]:
    lines = files[bundle.DISCLOSURES].splitlines(keepends=True)
    place = next(i for i, line in enumerate(lines) if b'"name":"id_number"' in line)
    value: Any = json.loads(lines[place])
    where = f"{value['stream']} #{value['n']}"
    for name, other, named in (
        ("value", "830000199201300022", where),
        ("salt", to_base64(b"\x07" * 16), where),
        ("name", "id_numbers", where),
        ("n", value["n"] + 1, "id_number"),
        ("stream", "enrolment/other", "enrolment/other"),
    ):
        changed = [*lines[:place], jcs.encode(value | {name: other}) + b"\n", *lines[place + 1 :]]
        more = files | {bundle.DISCLOSURES: b"".join(changed)}
        yield Change(f"disclosure: {name}", more, Expected(1, "disclosures", named))


def _export(files: Files) -> Iterator[Change]:
    value: Any = json.loads(files[bundle.EXPORT_LEAF])
    for name in value["body"]:
        body = value["body"] | {name: [] if name == "files" else 1 if name == "data_size" else "x"}
        if name == "edition":
            body = value["body"] | {name: 2}
        data = jcs.encode(value | {"body": body})
        named = "导出记录不在" if name != "files" else ""
        yield Change(f"export: {name}", files | {bundle.EXPORT_LEAF: data}, Expected(1, "export", named))
    proof = json.loads(files[bundle.EXPORT_CONSISTENCY])["proof"]
    data = jcs.encode({"proof": [*proof, HASH]})
    expected = Expected(1, "export", "延续")
    yield Change("export: consistency", files | {bundle.EXPORT_CONSISTENCY: data}, expected)
