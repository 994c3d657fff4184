"""Trust policies (C2SP tlog-policy): which logs are believed, which witnesses must have cosigned."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lmscompliance.tlog.checkpoint import BadCheckpoint, Checkpoint
from lmscompliance.tlog.encoding import decimal
from lmscompliance.tlog.notes import COSIGNATURE_V1, ED25519, BadNote, Note, VerifyEd25519, VKey

NONE = "none"
_SHOWN = 40
"""So much of a word that is not known is told; a file of another kind may be one long word."""


class BadPolicy(ValueError):
    """The policy file has an error; the message names the line."""


class Untrusted(ValueError):
    """The checkpoint does not fulfil the policy."""


@dataclass(frozen=True, slots=True)
class Party:
    """A log or witness: its key and, where somebody wants to talk to it, its URL."""

    vkey: VKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Counts as a witness once at least ``threshold`` of ``members`` do."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A checkpoint that fulfils the policy: its log, and the witnesses (name → POSIX time) that saw it."""

    checkpoint: Checkpoint
    log: VKey
    witnesses: dict[str, int]


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """What a verifier brings along; never taken from what is being verified."""

    logs: tuple[Party, ...]
    witnesses: dict[str, Party]
    groups: dict[str, Group]
    quorum: str

    @classmethod
    def parse(cls, data: str | bytes) -> TrustPolicy:
        """Read a policy file; raises ``BadPolicy`` naming the line."""
        octets = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        reader = _Reader()
        for number, line in enumerate(octets.split(b"\n"), start=1):
            try:
                reader.line(line)
            except ValueError as error:
                msg = f"line {number}: {error}"
                raise BadPolicy(msg) from error
        if reader.quorum is None:
            raise BadPolicy("the policy has no quorum line; 'quorum none' demands no witness")
        return cls(tuple(reader.logs), reader.witnesses, reader.groups, reader.quorum)

    def satisfied_by(self, witnesses: Collection[str]) -> bool:
        """Tell whether cosignatures of ``witnesses`` (names of this policy) make the quorum."""
        return self.quorum == NONE or self._counts(self.quorum, witnesses)

    def accept(self, note: str | bytes, check: VerifyEd25519) -> Accepted:
        """Return the checkpoint in ``note`` if a listed log signed it and the quorum has seen it.

        Raises ``Untrusted`` with the reason otherwise.
        """
        try:
            parsed = Note.parse(note)
            checkpoint = Checkpoint.parse(parsed.text)
            logs = [log.vkey for log in self.logs if log.vkey.name == checkpoint.origin]
            if not logs:
                msg = f"the policy lists no log named {checkpoint.origin}"
                raise Untrusted(msg)
            witness_keys = [witness.vkey for witness in self.witnesses.values()]
            verified = {item.vkey: item for item in parsed.verify([*logs, *witness_keys], check)}
        except (BadNote, BadCheckpoint) as error:
            raise Untrusted(str(error)) from error
        signers = [vkey for vkey in logs if vkey in verified]
        if not signers:
            msg = f"the checkpoint is not signed by {checkpoint.origin} with a key of the policy"
            raise Untrusted(msg)
        seen = {
            name: verified[party.vkey].timestamp or 0
            for name, party in self.witnesses.items()
            if party.vkey in verified
        }
        if not self.satisfied_by(seen):
            msg = f"the quorum '{self.quorum}' of witnesses has not cosigned the checkpoint"
            raise Untrusted(msg)
        return Accepted(checkpoint, signers[0], seen)

    def _counts(self, name: str, witnesses: Collection[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in witnesses
        return sum(self._counts(member, witnesses) for member in group.members) >= group.threshold


class _Reader:
    """Reads a policy line by line; each method raises ``ValueError`` saying what is wrong with its line."""

    def __init__(self) -> None:
        self.logs: list[Party] = []
        self.witnesses: dict[str, Party] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._grouped: set[str] = set()

    def line(self, octets: bytes) -> None:
        if any((octet < 0x20 and octet != 0x09) or octet == 0x7F for octet in octets):  # noqa: PLR2004  # tab, DEL
            raise ValueError("a control character other than tab and newline")
        # Octets beyond ASCII are opaque: they come back as they were, no Unicode rule splits or folds them.
        parts = octets.replace(b"\t", b" ").split(b" ")
        words = [part.decode("utf-8", "surrogateescape") for part in parts if part]
        if not words or words[0].startswith("#"):
            return
        read = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}
        if words[0] not in read:
            msg = f"'{words[0][:_SHOWN]}' is not log, witness, group or quorum"
            raise ValueError(msg)
        read[words[0]](words[1:])

    def _log(self, words: list[str]) -> None:
        if len(words) not in {1, 2}:
            raise ValueError("a log line reads: log <vkey> [<url>]")
        party = _party(words, ED25519)
        if any(log.vkey.key == party.vkey.key for log in self.logs):
            raise ValueError("this log's public key is listed twice")
        self.logs.append(party)

    def _witness(self, words: list[str]) -> None:
        if len(words) not in {2, 3}:
            raise ValueError("a witness line reads: witness <name> <vkey> [<url>]")
        self._must_be_new(words[0])
        party = _party(words[1:], COSIGNATURE_V1)
        if any(witness.vkey.key == party.vkey.key for witness in self.witnesses.values()):
            raise ValueError("this witness's public key is listed twice")
        self.witnesses[words[0]] = party

    def _group(self, words: list[str]) -> None:
        if len(words) < 3:  # noqa: PLR2004  # name, threshold, one member
            raise ValueError("a group line reads: group <name> all|any|<k> <name>...")
        name, rule, *members = words
        self._must_be_new(name)
        for member in members:
            self._must_exist(member)
            if member in self._grouped:
                msg = f"'{member}' is already a member of a group"
                raise ValueError(msg)
            self._grouped.add(member)
        threshold = {"any": 1, "all": len(members)}.get(rule) or decimal(rule)
        if not 1 <= threshold <= len(members):
            msg = f"{threshold} of {len(members)} members is no threshold"
            raise ValueError(msg)
        self.groups[name] = Group(threshold, tuple(members))

    def _quorum(self, words: list[str]) -> None:
        if len(words) != 1:
            raise ValueError("a quorum line reads: quorum <name>")
        if self.quorum is not None:
            raise ValueError("a policy has one quorum line")
        if words[0] != NONE:
            self._must_exist(words[0])
        self.quorum = words[0]

    def _must_be_new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            msg = f"the name '{name}' is already taken"
            raise ValueError(msg)

    def _must_exist(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            msg = f"'{name}' is not defined on an earlier line"
            raise ValueError(msg)


def _party(words: list[str], kind: int) -> Party:
    vkey = VKey.parse(words[0])
    if vkey.type != kind:
        msg = f"the key of {vkey.name} is of type {vkey.type:#04x}; here only {kind:#04x} can be checked"
        raise ValueError(msg)
    return Party(vkey, words[1] if len(words) > 1 else None)
