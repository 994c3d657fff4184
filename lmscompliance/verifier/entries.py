"""Checks the leaves in one pass: each is in the log and where it belongs, none is missing or added."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.ledger_facts import Record
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import BadLeaf, Leaf, disclosure_digest, leaf_hash
from lmscompliance.tlog.merkle import BadProof, verify_inclusion
from lmscompliance.verifier.bundle import ENTRIES, MAX_LINE, Disclosure, Entry
from lmscompliance.verifier.disclosed import OpenedDisclosures, decode_line
from lmscompliance.verifier.erased import Erasures
from lmscompliance.verifier.loose import AnyArchive
from lmscompliance.verifier.report import Report


@dataclass(slots=True)
class StreamState:
    """A stream as far as it was read."""

    name: str
    next_n: int = 0
    head: str = ""
    last_index: int = -1
    missing: set[int] = field(default_factory=set)
    count: int = 0


@dataclass(slots=True)
class Listed:
    """What the class's own stream says must be there."""

    enrolments: dict[str, int] = field(default_factory=dict)
    snapshot: str = ""
    snapshot_n: int = -1
    pages: int = 0
    pages_seen: int = 0
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    code: str = ""
    policy_digest: str = ""
    earlier: dict[str, tuple[int, str]] = field(default_factory=dict)
    """The longest that any snapshot has listed each stream; streams never get shorter."""

    def read(self, leaf: Leaf) -> None:
        """Take note of an enrolment or a page of a snapshot; what is malformed is the ledger's to refuse."""
        body = leaf.body
        if leaf.t == "enrolment.created":
            enrolment, ordinal = body.get("enrolment"), body.get("ordinal")
            if isinstance(enrolment, str) and isinstance(ordinal, int):
                self.enrolments[enrolment] = ordinal
        elif leaf.t == "class.heads":
            self._page(leaf)
        elif leaf.t == "class.filed":
            policy, self.code = body.get("policy"), str(body.get("code"))
            self.policy_digest = str(policy.get("digest")) if isinstance(policy, dict) else ""

    def _page(self, leaf: Leaf) -> None:
        if leaf.body.get("snapshot") != self.snapshot:
            self.snapshot, self.heads, self.pages_seen = str(leaf.body.get("snapshot")), {}, 0
        pages, heads = leaf.body.get("pages"), leaf.body.get("heads")
        self.pages = pages if isinstance(pages, int) else -1
        self.pages_seen += 1
        self.snapshot_n = leaf.n
        for head in heads if isinstance(heads, list) else []:
            if isinstance(head, list) and len(head) == 3:  # noqa: PLR2004  # stream, count, hash
                stream, count, digest = head
                if isinstance(stream, str) and isinstance(count, int) and isinstance(digest, str):
                    self.heads[stream] = (count, digest)
                    if count > self.earlier.get(stream, (0, ""))[0]:
                        self.earlier[stream] = (count, digest)

    def order(self) -> list[str]:
        """Return the enrolment streams in the order in which they must stand."""
        ordered = sorted(self.enrolments.items(), key=lambda item: (item[1], item[0]))
        return [f"enrolment/{enrolment}" for enrolment, _ in ordered]


class EntryCheck:
    """Steps 6 to 8 over one pass of entries and disclosures."""

    def __init__(
        self,
        archive: AnyArchive,
        class_id: str,
        head: Checkpoint,
        report: Report,
        see: Callable[[int, Leaf], None],
    ) -> None:
        """Check ``archive`` against the tree ``head``, whose signature is somebody else's business.

        ``see`` is told the index of each leaf in the log.
        """
        self._archive = archive
        self.class_id = class_id
        self._head = head
        self._report = report
        self._see = see
        self.entries = report.step("entries")
        self.complete = report.step("complete")
        self.disclosures = report.step("disclosures")
        self.listed = Listed()
        self.streams: dict[str, StreamState] = {}
        self._current: StreamState | None = None
        self._erasures = Erasures(report, self.disclosures)
        self._disclosed = 0
        self._count = 0

    def run(self) -> None:
        """Read everything; problems go into the three steps, findings into the report."""
        try:
            self._read_all()
        except ValueError as error:
            self.entries.fail("unreadable_part", reason=str(error))
        self._close_stream()
        self._compare_heads()
        self.entries.say("entries_detail", count=self._count, size=self._head.size)
        self.complete.say("complete_detail", streams=len(self.listed.heads), snapshot=self.listed.snapshot)
        self.disclosures.say("disclosures_detail", count=self._disclosed)
        self._erasures.end()

    def _read_all(self) -> None:
        opened = OpenedDisclosures(self._archive, self.disclosures)
        for number, line in enumerate(self._archive.lines(ENTRIES, MAX_LINE), start=1):
            self._count += 1
            entry = decode_line(Entry.decode, line, number, self.entries)
            if entry is None:
                text = line.decode("utf-8", "replace").replace('\\"', '"')
                index = (_INDEX.findall(text) or ["?"])[0]
                self.entries.fail("damaged_entry", index=index, line=number, **_claimed(text))
                continue
            leaf = self._check_leaf(entry, number)
            if leaf is not None:
                self._place(entry, leaf)
                self._see(entry.index, leaf)
                names = self._open(leaf, opened.take(leaf.stream, leaf.n, self.streams))
                self._erasures.take(leaf, entry.index, leaf.d.keys() - names, self.listed.heads)
        opened.finish()

    def _check_leaf(self, entry: Entry, number: int) -> Leaf | None:
        data = entry.leaf.encode("utf-8")
        leaf = None
        try:
            leaf = Leaf.decode(data)
        except BadLeaf as error:
            self.entries.fail("bad_leaf", index=entry.index, line=number, reason=str(error))
        where = {"stream": leaf.stream, "n": leaf.n, "type": leaf.t} if leaf else _claimed(entry.leaf)
        try:
            verify_inclusion(entry.index, self._head.size, leaf_hash(data), entry.proof, self._head.root)
        except BadProof:
            self.entries.fail("not_included", index=entry.index, size=self._head.size, **where)
        if leaf is not None and leaf.class_id != self.class_id:
            self.entries.fail("foreign_class", index=entry.index, **where)
        return leaf

    def _place(self, entry: Entry, leaf: Leaf) -> None:
        where = {"stream": leaf.stream, "n": leaf.n, "type": leaf.t}
        current = self._current
        if current is None or current.name != leaf.stream:
            self._close_stream()
            current = self._begin_stream(leaf)
        current.count += 1
        if leaf.n in current.missing:
            current.missing.discard(leaf.n)
            self.entries.fail("out_of_order", **where)
        elif leaf.n < current.next_n:
            self.entries.fail("doubled", **where)
        else:
            expected = leaf.n == current.next_n
            current.missing.update(range(current.next_n, min(leaf.n, current.next_n + 1000)))
            if expected and leaf.prev != current.head:
                self.entries.fail("chain_broken", **where)
            if entry.index <= current.last_index:
                self.entries.fail("index_order", index=entry.index, **where)
            current.next_n = leaf.n + 1
            current.head = to_base64(leaf_hash(entry.leaf.encode("utf-8")))
            current.last_index = entry.index
            count, head = self.listed.earlier.get(leaf.stream, (0, ""))
            if leaf.n == count - 1 and current.head != head:
                self.complete.fail("head_differs", stream=leaf.stream, n=leaf.n)
        if leaf.stream == f"class/{self.class_id}":
            self.listed.read(leaf)

    def _begin_stream(self, leaf: Leaf) -> StreamState:
        state = self.streams.get(leaf.stream)
        if state is not None:
            self.entries.fail("stream_split", stream=leaf.stream, n=leaf.n)
        elif not self.streams and leaf.stream != f"class/{self.class_id}":
            self.entries.fail("class_first", stream=leaf.stream)
        state = state or StreamState(leaf.stream)
        self.streams[leaf.stream] = self._current = state
        return state

    def _close_stream(self) -> None:
        if self._current is not None:
            for n in sorted(self._current.missing):
                self.entries.fail("missing", stream=self._current.name, n=n)
        self._current = None

    def _compare_heads(self) -> None:
        step, listed = self.complete, self.listed
        own = self.streams.get(f"class/{self.class_id}")
        if not listed.snapshot or listed.pages_seen != listed.pages:
            step.fail("no_snapshot")
            return
        if own is None or own.next_n != listed.snapshot_n + 1:
            step.fail("snapshot_not_last", n=listed.snapshot_n)
        for stream in listed.order():
            if stream not in listed.heads:
                step.fail("not_listed", stream=stream)
        for stream, (count, head) in listed.heads.items():
            self._compare_head(stream, count, head)
        for stream in self.streams:
            if stream not in listed.heads and stream != f"class/{self.class_id}":
                step.fail("stream_added", stream=stream)
        read = [stream for stream in self.streams if stream.startswith("enrolment/")]
        wanted = [stream for stream in listed.order() if stream in self.streams]
        if read != wanted and sorted(read) == sorted(wanted):
            step.fail("stream_order")

    def _compare_head(self, stream: str, count: int, head: str) -> None:
        step, state, person = self.complete, self.streams.get(stream), self._ordinal(stream)
        if state is None:
            step.fail("stream_omitted", stream=stream, count=count, person=person)
        elif state.next_n < count:
            step.fail("tail_omitted", stream=stream, first=state.next_n, last=count - 1, person=person)
        elif state.next_n > count:
            step.fail("tail_added", stream=stream, first=count, last=state.next_n - 1)
        elif count < self.listed.earlier[stream][0]:
            longest = self.listed.earlier[stream][0]
            step.fail("tail_omitted", stream=stream, first=count, last=longest - 1, person=person)

    def _ordinal(self, stream: str) -> str:
        return str(self.listed.enrolments.get(stream.removeprefix("enrolment/"), "?"))

    def _open(self, leaf: Leaf, disclosed: list[Disclosure]) -> frozenset[str]:
        where = {"stream": leaf.stream, "n": leaf.n}
        names = [one.name for one in disclosed]
        if names != sorted(set(names)):
            self.disclosures.fail("disclosure_order", **where)
        for one in disclosed:
            self._disclosed += 1
            if one.name not in leaf.d:
                self.disclosures.fail("disclosure_unknown", name=one.name, **where)
            elif disclosure_digest(one.salt, one.name, one.value) != leaf.d[one.name]:
                self.disclosures.fail("disclosure_differs", name=one.name, **where)
        return frozenset(names)


def _claimed(text: str) -> Mapping[str, object]:
    """Return where a damaged leaf says that it belongs, as far as its text still tells."""
    found = {name: pattern.findall(text) for name, pattern in _CLAIMS.items()}
    # A leaf's keys stand in order, its body's before its own: the last one is the leaf's.
    return {name: values[-1] if values else "?" for name, values in found.items()}


_INDEX = re.compile(r'"index" ?: ?([0-9]{1,15})\b')
_CLAIMS = {
    "stream": re.compile(r'"stream" ?: ?"([^"]{1,80})"'),
    "n": re.compile(r'"n" ?: ?([0-9]{1,15})\b'),
    "type": re.compile(r'"t" ?: ?"([^"]{1,80})"'),
}


def records(
    entries: Iterable[bytes], disclosures: Iterable[bytes], *, loose: bool = False
) -> Iterator[Record]:
    """Yield the leaves in the lines of both files, each with what is disclosed of it.

    ``loose`` is for lines whose form has been checked already; then only what is used of them is read.
    Raises ``ValueError`` (``BadBundle``, ``BadLeaf``) where a line is not of its form.
    """
    opened = (Disclosure.read(line) if loose else Disclosure.decode(line) for line in disclosures)
    groups = itertools.groupby(opened, key=lambda one: (one.stream, one.n))
    waiting = next(groups, None)
    passed: set[str] = set()
    for line in entries:
        text = Entry.leaf_in(line) if loose else Entry.decode(line).leaf
        leaf = Leaf.decode(text.encode("utf-8"), loose=loose)
        values: dict[str, Json] = {}
        # What belongs to an entry that was left out must not keep those behind it from their values.
        while waiting is not None and _overtaken(waiting[0], leaf, passed):
            waiting = next(groups, None)
        passed.add(leaf.stream)
        if waiting is not None and waiting[0] == (leaf.stream, leaf.n):
            # Only what the leaf commits to; a value under a wrong digest is the first pass's to report.
            values = {one.name: one.value for one in waiting[1] if one.name in leaf.d}
            waiting = next(groups, None)
        yield Record(leaf, values)


def _overtaken(of: tuple[str, int], leaf: Leaf, passed: Container[str]) -> bool:
    """Tell whether the entry that disclosures are ``of`` can no longer come, now that ``leaf`` is here."""
    stream, n = of
    return n < leaf.n if stream == leaf.stream else stream in passed
