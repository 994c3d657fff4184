"""What the world outside the platform says about when: timestamps, witnesses, earlier checkpoints.

An entry stood in the log no later than the first checkpoint above it whose time somebody else vouches for,
and a session began no earlier than the checkpoint its first leaf names. Roots of timestamping authorities
come with the trust policy; nothing of the bundle is believed about them.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from lmscompliance.kernel.clock import from_micros, shanghai
from lmscompliance.policy import Notice
from lmscompliance.tlog.checkpoint import BadCheckpoint, Checkpoint
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.tlog.merkle import EMPTY_ROOT, BadProof, verify_consistency
from lmscompliance.tlog.notes import BadNote, Note
from lmscompliance.tlog.trust import NONE, Accepted, TrustPolicy
from lmscompliance.verifier import bundle, ed25519, rfc3161
from lmscompliance.verifier.bundle import EarlierCheckpoint, Stamp
from lmscompliance.verifier.loose import AnyArchive
from lmscompliance.verifier.report import Remark, Report, Step
from lmscompliance.verifier.rfc3161 import BadTimestamp

_SECOND = 1_000_000


@dataclass(slots=True)
class _Worst:
    """How many entries were beyond a limit, and the one that was furthest."""

    count: int = 0
    seconds: int = 0
    stream: str = ""
    n: int = 0
    type: str = ""

    def see(self, seconds: int, leaf: Leaf) -> None:
        self.count += 1
        if self.count == 1 or seconds > self.seconds:
            self.seconds, self.stream, self.n, self.type = seconds, leaf.stream, leaf.n, leaf.t

    def params(self) -> dict[str, object]:
        return {
            "count": self.count,
            "seconds": self.seconds,
            "stream": self.stream,
            "n": self.n,
            "type": self.type,
        }


@dataclass(slots=True)
class TimeCheck:
    """One step over the whole verification: read first, told of every entry, ended last."""

    archive: AnyArchive
    policy: TrustPolicy | None
    roots: Sequence[bytes]
    head: Checkpoint
    notice: Notice | None
    former: Collection[str] = ()
    """Names the log had before, by the trust policy."""
    step: Step = field(default_factory=lambda: Step(0, "time"))
    known: dict[int, bytes] = field(default_factory=dict)
    """Roots of earlier checkpoints by size, proved to be this log's own."""
    times: dict[int, int] = field(default_factory=dict)
    """The earliest time (µs) somebody outside vouches for the checkpoint of a size."""
    stamped: dict[int, int] = field(default_factory=dict)
    """The same of timestamps alone."""
    expires_us: int | None = None
    unchecked: int = 0
    sessions: int = 0
    open: int = 0
    longest: _Worst = field(default_factory=_Worst)
    late: _Worst = field(default_factory=_Worst)
    ahead: _Worst = field(default_factory=_Worst)
    _sizes: list[int] = field(default_factory=list)
    _until: list[int] = field(default_factory=list)

    def read(self) -> None:
        """Read the earlier checkpoints and all that vouches for their times."""
        self.known |= {0: EMPTY_ROOT, self.head.size: self.head.root}
        last = 0
        try:
            for line in self.archive.lines(bundle.CHECKPOINTS, bundle.MAX_SMALL):
                one = EarlierCheckpoint.decode(line, loose=True)
                found = Checkpoint.parse(one.checkpoint)
                if found.size <= last or found.text() != one.checkpoint or one.encode() != line + b"\n":
                    self.step.fail("time_line", size=found.size)
                last = found.size
                self._take(one, found)
        except (ValueError, BadNote, BadCheckpoint) as error:
            self.step.fail("unreadable_part", reason=str(error))
        self._index()

    def vouch(self, accepted: Accepted | None) -> None:
        """Let the witnesses under an accepted checkpoint say when they saw it."""
        if accepted is not None and accepted.witnesses and self.policy and self.policy.quorum != NONE:
            self._note(accepted.checkpoint.size, max(accepted.witnesses.values()) * _SECOND)
            self._index()

    def see(self, index: int, leaf: Leaf) -> None:
        """Hold one entry against what is known of the time it was sealed by."""
        if leaf.t == "session.opened":
            self._not_before(index, leaf)
        place = bisect.bisect_right(self._sizes, index)
        if place == len(self._sizes):
            self.open += 1
            return
        lag = -(-(self._until[place] - leaf.at_us) // _SECOND)
        self.longest.see(lag, leaf)
        if self.notice is None:
            return
        if lag > self.notice.evidence.max_lag_seconds:
            self.late.see(lag, leaf)
        if -lag > self.notice.evidence.max_ahead_seconds:
            self.ahead.see(-lag, leaf)

    def end(self, report: Report, export_size: int | None) -> None:
        """Add the step to the report, with its findings; ``export_size`` is the size the export stands at."""
        step = self.step
        step.number = len(report.steps) + 1
        report.steps.append(step)
        if self.late.count and self.notice:
            report.find("lag", limit=self.notice.evidence.max_lag_seconds, **self.late.params())
        if self.ahead.count:
            report.find("ahead", **self.ahead.params())
        if export_size is not None and export_size not in self.known:
            step.fail("time_no_export", size=export_size)
        if self.roots and export_size is not None and export_size not in self.stamped:
            report.find("unstamped")
        if self.unchecked:
            step.skip("time_unchecked" if self.roots else "time_untrusted", count=self.unchecked)
        elif not self.times:
            step.say("time_none", sessions=self.sessions)
        else:
            step.say(
                "time_detail",
                count=len(self.times),
                stamps=len(self.stamped),
                lag=self.longest.seconds,
                open=self.open,
                sessions=self.sessions,
                expires="-" if self.expires_us is None else _day(self.expires_us),
            )
        if self.roots and self.stamped:
            report.owes.append(Remark("owe_tsa"))
        else:
            report.owes.append(Remark("owe_time"))

    def _take(self, one: EarlierCheckpoint, found: Checkpoint) -> None:
        small, large = sorted((found, self.head), key=lambda head: head.size)
        try:
            verify_consistency(small.size, large.size, one.proof, small.root, large.root)
        except BadProof as error:
            self.step.fail("time_not_consistent", size=found.size, reason=str(error))
            return
        if found.origin != self.head.origin and found.origin not in self.former:
            self.step.fail("time_origin", origin=found.origin, size=found.size)
        self.known[found.size] = found.root
        if one.cosignatures:
            self._cosigned(Note.parse(one.checkpoint + "\n" + "".join(one.cosignatures)), found.size)
        message = one.checkpoint.encode()
        before: int | None = None
        for number, stamp in enumerate(one.stamps):
            before = self._stamp(stamp, message, found.size, number, before)
            message = stamp.response

    def _cosigned(self, note: Note, size: int) -> None:
        if self.policy is None or self.policy.quorum == NONE:
            return
        names = {party.vkey: name for name, party in self.policy.witnesses.items()}
        known = {(vkey.name, vkey.key_id) for vkey in names}
        if not any((line.name, line.key_id) in known for line in note.signatures):
            return
        try:
            seen = note.verify(list(names), ed25519.verify)
        except BadNote as error:
            self.step.fail("time_cosignature", size=size, reason=str(error))
            return
        if self.policy.satisfied_by([names[one.vkey] for one in seen]):
            self._note(size, max(one.timestamp or 0 for one in seen) * _SECOND)

    def _stamp(self, stamp: Stamp, message: bytes, size: int, number: int, before: int | None) -> int | None:
        """Check one timestamp; return when the first certificate it rests on expires."""
        if not self.roots or not rfc3161.AVAILABLE:
            self.unchecked += 1
            if self.roots and number == 0:
                self._note(size, stamp.time_us)
                self.stamped[size] = stamp.time_us
            return None
        try:
            stamped = rfc3161.check(stamp.response, message, stamp.chain, self.roots)
            if stamped.time_us != stamp.time_us:
                self.step.fail("time_differs", size=size)
            if before is not None and stamped.time_us > before:
                self.step.fail("time_renewed_late", size=size)
        except BadTimestamp as error:
            self.step.fail("time_bad", size=size, reason=str(error))
            return None
        if number == 0:
            self._note(size, stamped.time_us)
            self.stamped[size] = stamped.time_us
        self.expires_us = min(self.expires_us or stamped.expires_us, stamped.expires_us)
        return stamped.expires_us

    def _not_before(self, index: int, leaf: Leaf) -> None:
        after = leaf.body.get("after")
        where: dict[str, object] = {"stream": leaf.stream, "n": leaf.n}
        size = after.get("size") if isinstance(after, dict) else None
        if not isinstance(after, dict) or not isinstance(size, int):
            self.step.fail("after_missing", **where)
            return
        root = self.known.get(size)
        if size > index or root is None or to_base64(root) != after.get("root"):
            self.step.fail("after_differs", size=size, **where)
        else:
            self.sessions += 1

    def _note(self, size: int, time_us: int) -> None:
        self.times[size] = min(time_us, self.times.get(size, time_us))

    def _index(self) -> None:
        """Keep, for each size with a time, the earliest time of it and all larger ones."""
        self._sizes = sorted(self.times)
        self._until = [self.times[size] for size in self._sizes]
        for place in range(len(self._until) - 2, -1, -1):
            self._until[place] = min(self._until[place], self._until[place + 1])


def _day(micros: int) -> str:
    return shanghai(from_micros(micros)).date().isoformat()
