"""Entries dropped, doubled, put elsewhere or altered, and whole streams left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lmscompliance.tlog.leaf import Leaf
from lmscompliance.verifier.bundle import Entry
from tests.verifier.corpus_case import Change, Expected
from tests.verifier.tamper import Files, entries, with_entries

Found = list[tuple[Entry, Leaf]]


def changes(files: Files) -> Iterator[Change]:
    """Yield what can be done to the entries of a class."""
    found = entries(files)
    plain = [entry for entry, _ in found]
    yield from dropped(files)
    for kind, place in sorted(_places(found).items()):
        leaf = found[place][1]
        doubled = with_entries(files, plain[: place + 1] + plain[place:])
        yield Change(
            f"{kind} doubled", doubled, Expected(1, "entries", f"{leaf.stream} #{leaf.n}（{kind}）重复")
        )
        swapped = list(plain)
        other = place + 1 if place + 1 < len(plain) else place - 1
        swapped[place], swapped[other] = swapped[other], swapped[place]
        late = found[min(place, other)][1]
        named = f"{late.stream} #{late.n}（{late.t}）次序" if found[other][1].stream == leaf.stream else ""
        yield Change(f"{kind} out of order", with_entries(files, swapped), Expected(1, "entries", named))
    yield from _left_out(files, found)


def dropped(files: Files, beyond: Files | None = None) -> Iterator[Change]:
    """Leave out one entry of each type, or of those that ``beyond`` does not have."""
    found = entries(files)
    known = {leaf.t for _, leaf in entries(beyond)} if beyond else set()
    last = {leaf.stream: leaf.n for _, leaf in found}
    for kind, place in sorted(_places(found).items()):
        leaf = found[place][1]
        if kind in known:
            continue
        kept = [entry for number, (entry, _) in enumerate(found) if number != place]
        expected = Expected(1, "entries", f"{leaf.stream} 缺少条目 #{leaf.n}")
        if leaf.n == last[leaf.stream]:
            own = leaf.stream.startswith("class/")
            expected = Expected(1, "complete", "快照" if own else f"{leaf.stream} 末尾缺少条目 #{leaf.n}")
        yield Change(f"{kind} dropped", with_entries(files, kept), expected)


def altered(files: Files) -> Iterator[Change]:
    """Change a moment in one entry of each type."""
    found = entries(files)
    for kind, place in sorted(_places(found).items()):
        entry, leaf = found[place]
        changed = [one for one, _ in found]
        later = replace(leaf, at_us=leaf.at_us + 1).encode().decode()
        changed[place] = replace(entry, leaf=later)
        named = f"日志第 {entry.index} 条（{leaf.stream} #{leaf.n}，{kind}）"
        yield Change(f"{kind} altered", with_entries(files, changed), Expected(1, "entries", named))


def _left_out(files: Files, found: Found) -> Iterator[Change]:
    stream = next(leaf.stream for _, leaf in found if leaf.t == "trainee.registered")
    kept = [entry for entry, leaf in found if leaf.stream != stream]
    named = f"第 1 号学员的记录流 {stream} 整个缺失"
    yield Change("a stream left out", with_entries(files, kept), Expected(1, "complete", named))
    failed = next(
        leaf for _, leaf in found if leaf.t == "attempt.graded" and leaf.body.get("passed") is False
    )
    rest = [entry for entry, leaf in found if leaf.body.get("attempt") != failed.body["attempt"]]
    named = f"{failed.stream} 缺少条目 #{failed.n}"
    yield Change("a failed attempt left out", with_entries(files, rest), Expected(1, "entries", named))
    yield Change("all entries left out", with_entries(files, []), Expected(1, "complete", "快照"))


def _places(found: Found) -> dict[str, int]:
    """Return where the first entry of each type stands."""
    return {leaf.t: place for place, (_, leaf) in reversed(list(enumerate(found)))}
