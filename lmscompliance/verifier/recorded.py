"""Checks the record of the export itself: which files it bound, and that the log only grew until then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lmscompliance.tlog.checkpoint import BadCheckpoint, Checkpoint
from lmscompliance.tlog.leaf import BadLeaf, Leaf, leaf_hash
from lmscompliance.tlog.merkle import BadProof, verify_consistency, verify_inclusion
from lmscompliance.tlog.notes import BadNote, Note
from lmscompliance.tlog.proof import TlogProof
from lmscompliance.tlog.trust import Accepted
from lmscompliance.verifier import bundle
from lmscompliance.verifier.bundle import BadBundle, FileDigest
from lmscompliance.verifier.entries import EntryCheck
from lmscompliance.verifier.loose import AnyArchive
from lmscompliance.verifier.report import Report, Step


@dataclass(slots=True)
class ExportCheck:
    """Step 9. ``digests`` are of the files that are there; ``accept`` judges a checkpoint's signatures."""

    archive: AnyArchive
    report: Report
    digests: Mapping[str, FileDigest]
    accept: Callable[[Step, str], Accepted | None]
    recorded: tuple[FileDigest, ...] | None = None
    """What the record lists; nothing until it could be read."""
    edition: int = 0
    size: int | None = None
    """Of the checkpoint it was recorded under."""

    def run(self, head: Checkpoint, entries: EntryCheck) -> None:
        """Check the record against the data checkpoint ``head`` and the entries that were read."""
        step = self.report.step("export")
        try:
            self._check(step, head, entries)
        except (ValueError, BadLeaf, BadProof, BadNote, BadCheckpoint) as error:
            step.fail("unreadable_part", reason=str(error))

    def _check(self, step: Step, head: Checkpoint, entries: EntryCheck) -> None:
        data = self.archive.read(bundle.EXPORT_LEAF, bundle.MAX_SMALL)
        leaf = Leaf.decode(data)
        proof = TlogProof.parse(self.archive.read(bundle.EXPORT_PROOF, bundle.MAX_SMALL).decode("utf-8"))
        later = Checkpoint.parse(Note.parse(proof.checkpoint).text)
        trusted = self.accept(step, proof.checkpoint)
        self.size = later.size
        try:
            verify_inclusion(proof.index, later.size, leaf_hash(data), proof.hashes, later.root)
        except BadProof:
            step.fail("export_not_included", index=proof.index, size=later.size)
        consistency = bundle.decode_consistency(
            self.archive.read(bundle.EXPORT_CONSISTENCY, bundle.MAX_SMALL)
        )
        try:
            verify_consistency(head.size, later.size, consistency, head.root, later.root)
        except BadProof as error:
            step.fail("not_consistent", reason=str(error))
        self._check_body(step, leaf, head, entries)
        if trusted:
            step.say("export_detail", size=later.size, index=proof.index)

    def _check_body(self, step: Step, leaf: Leaf, head: Checkpoint, entries: EntryCheck) -> None:
        stream = f"class/{entries.class_id}"
        own = entries.streams.get(stream)
        expected = {"snapshot": entries.listed.snapshot, "data_size": head.size}
        found = {name: leaf.body.get(name) for name in expected}
        right_place = (
            leaf.t == "export.recorded" and leaf.stream == stream and leaf.class_id == entries.class_id
        )
        if not right_place or found != expected or own is None or leaf.n < own.next_n:
            step.fail("export_foreign", stream=leaf.stream, n=leaf.n, type=leaf.t)
        files, edition = leaf.body.get("files"), leaf.body.get("edition")
        if not isinstance(files, list) or not isinstance(edition, int):
            msg = "export.recorded: files and edition are missing"
            raise BadBundle(msg)
        recorded = tuple(FileDigest.from_json(file) for file in files)
        self.recorded, self.edition = recorded, edition
        names = [file.name for file in recorded]
        if names != bundle.expected(bundle.RECORDED_FILES, self.digests.keys() | set(names)):
            step.fail("export_names")
        if absent := (set(names) & bundle.OPTIONAL) - self.digests.keys():
            step.fail("wrong_files", names=sorted(absent))
        for file in recorded:
            actual = self.digests.get(file.name)
            if actual is not None and actual != file and not self._only_withheld(file.name):
                step.fail("digest_recorded", name=file.name, expected=file.sha256, found=actual.sha256)

    def _only_withheld(self, name: str) -> bool:
        """Tell whether the disclosures differ only because some were taken out, which is a finding."""
        return name == bundle.DISCLOSURES and any(one.code == "withheld" for one in self.report.findings)
