"""Verifies a bundle offline, in numbered steps, against a trust policy that comes from elsewhere.

A step that fails does not stop the others: whoever reads the report wants every edited entry and cell.
Nothing inside the bundle is believed before something signed commits to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.policy import Notice
from lmscompliance.tlog.checkpoint import BadCheckpoint, Checkpoint
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.ended import ended
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.tlog.national import demanded
from lmscompliance.tlog.notes import BadNote, Note, VKey
from lmscompliance.tlog.trust import Accepted, TrustPolicy, Untrusted
from lmscompliance.tlog.tsa import tsa_roots
from lmscompliance.verifier import bundle, ed25519, national
from lmscompliance.verifier.archive import Archive, NotCanonical, TooLong
from lmscompliance.verifier.bundle import BadBundle, FileDigest, Manifest
from lmscompliance.verifier.entries import EntryCheck
from lmscompliance.verifier.evidence_files import FileCheck
from lmscompliance.verifier.loose import AnyArchive, LooseArchive
from lmscompliance.verifier.recompute import Recomputation
from lmscompliance.verifier.recorded import ExportCheck
from lmscompliance.verifier.report import Remark, Report, Step
from lmscompliance.verifier.times import TimeCheck
from lmscompliance.verifier.trusting import forged, read_trust


def verify(
    path: Path, trust: str | bytes | None, workbook: Path | None = None, files: Sequence[Path] = ()
) -> Report:
    """Verify the bundle at ``path`` against ``trust``, the text of a C2SP tlog-policy file.

    ``workbook`` is a copy that stands outside the bundle, to be compared cell by cell as well; ``files`` are
    folders or ZIPs of evidence files, whose digests are held against the entries. Never raises
    for what is wrong with any of them: the report says it. ``None`` means that the caller has no trust
    policy; then nothing but the bundle's inner consistency can be told.
    """
    report = Report()
    policy = read_trust(report, trust)
    step = report.step("archive")
    archive: AnyArchive
    try:
        archive = _open(path, step)
    except OSError as error:
        step.skip("unreadable", path=str(path), reason=error.strerror or str(error))
        report.unverifiable.append(Remark("unreadable", {"path": str(path), "reason": error.strerror or ""}))
        return report
    except NotCanonical:
        return report
    with archive:
        names = bundle.expected(bundle.ORDER, archive.members)
        missing = [name for name in names if name not in archive.members]
        if list(archive.members) != names:
            odd = missing or [name for name in archive.members if name not in bundle.ORDER] or ["order"]
            step.fail("wrong_files", names=[*odd])
            if missing:
                return report
        step.say("archive_detail", count=len(archive.members))
        known = trust if policy is not None and trust is not None else ""
        _Verification(
            archive, policy, report, workbook, files, demanded(known), ended(known), tsa_roots(known)
        ).run()
    return report


def _open(path: Path, step: Step) -> AnyArchive:
    """Open a bundle; one that another program packed has failed, but is read on to name what differs.

    Raises ``NotCanonical`` when it cannot be read in any one way; then too the step has failed.
    """
    try:
        return Archive(path)
    except NotCanonical as error:
        step.fail("not_canonical", reason=str(error))
    try:
        return LooseArchive(path)
    except NotCanonical as error:
        step.fail("not_readable", reason=str(error))
        raise


def _is_key(line: bytes, log: VKey) -> bool:
    """Tell whether ``line`` is a key of the same log."""
    try:
        return VKey.parse(line.decode().removesuffix("\n")).name == log.name
    except ValueError:
        return False


_NEED_HEAD = ("entries", "complete", "disclosures", "export", "time", "grades", "rules", "workbook")


@dataclass(slots=True)
class _Verification:
    """The steps that need an open archive, and what they hand to each other."""

    archive: AnyArchive
    policy: TrustPolicy | None
    report: Report
    outside: Path | None = None
    files: Sequence[Path] = ()
    sm2: tuple[VKey, ...] = ()
    ended: Mapping[str, Checkpoint] = field(default_factory=dict)
    tsa: tuple[bytes, ...] = ()
    digests: dict[str, FileDigest] = field(default_factory=dict)
    manifest: Manifest | None = None
    policy_step: Step = field(init=False)
    manifest_step: Step = field(init=False)
    accepted: Accepted | None = None

    def run(self) -> None:
        self._manifest()
        head = self._checkpoint()
        notice = self._policy()
        if head is None or self.manifest is None:
            outside = ("outside",) if self.outside else ()
            handed = ("files",) if self.files else ()
            for name in (*_NEED_HEAD, *outside, *handed):
                self.report.step(name).skip("earlier_failure")
            return
        times = TimeCheck(self.archive, self.policy, self.tsa, head, notice, self.ended.keys())
        times.read()
        times.vouch(self.accepted)
        files = FileCheck(self.files, self.report)
        files.read()

        def see(index: int, leaf: Leaf) -> None:
            times.see(index, leaf)
            files.see(index, leaf)

        entries = EntryCheck(self.archive, self.manifest.class_id, head, self.report, see)
        entries.run()
        self.report.trainees = dict(entries.listed.enrolments)
        if notice is not None and notice.digest != entries.listed.policy_digest:
            self.policy_step.fail(
                "policy_foreign", expected=entries.listed.policy_digest, found=notice.digest
            )
        export = ExportCheck(self.archive, self.report, self.digests, self._accept)
        export.run(head, entries)
        self._check_claims(self.manifest, entries, export)
        if self.sm2:
            listed = [
                file for file in (*self.manifest.files, *(export.recorded or ())) if self._as_listed(file)
            ]
            national.check(self.report, self.sm2, self.archive, listed)
        times.end(self.report, export.size)
        Recomputation(self.archive, self.report, export.recorded, export.edition, self.outside).run(
            head, notice
        )
        files.end()
        if any(file.name == bundle.LEDGER_PDF and self._as_listed(file) for file in export.recorded or ()):
            self.report.owes.append(Remark("owe_pdf", {"name": bundle.LEDGER_PDF}))
        self.report.owes += [Remark("owe_truth"), Remark("owe_latest")]

    def _manifest(self) -> None:
        step = self.manifest_step = self.report.step("manifest")
        for name in self.archive.members:
            try:
                self.digests[name] = bundle.digest_of(name, self.archive.chunks(name))
            except NotCanonical as error:
                step.fail("not_canonical", reason=str(error))
        manifest = self.manifest = self._read_manifest(step)
        if manifest is None:
            return
        self.report.subject |= {"class": manifest.class_id, "code": manifest.code}
        listed = {file.name: file for file in manifest.files}
        names = [name for name in self.archive.members if name != bundle.MANIFEST]
        if [file.name for file in manifest.files] != names:
            step.fail("manifest_names")
        for name in names:
            if name in listed and name in self.digests and listed[name] != self.digests[name]:
                step.fail(
                    "digest_differs", name=name, expected=listed[name].sha256, found=self.digests[name].sha256
                )
        step.say("manifest_detail", count=len(names))

    def _read_manifest(self, step: Step) -> Manifest | None:
        try:
            data = self.archive.read(bundle.MANIFEST, bundle.MAX_SMALL)
            return Manifest.decode(data)
        except (BadBundle, TooLong, NotCanonical) as error:
            step.fail("unreadable_part", reason=str(error))
            if not isinstance(error, BadBundle):
                return None
        try:
            # The same values in another form have failed, but still say which class to look at.
            return Manifest.decode(data, loose=True)
        except BadBundle:
            return None

    def _check_claims(self, manifest: Manifest, entries: EntryCheck, export: ExportCheck) -> None:
        """Check what the manifest says of the class and the ledger, which is signed only elsewhere."""
        listed = entries.listed
        for name, found, expected in (
            ("code", manifest.code, listed.code),
            ("snapshot", manifest.snapshot, listed.snapshot),
            ("edition", manifest.edition, export.edition),
        ):
            # What could not be read at all has failed where it stands.
            if expected and found != expected:
                self.manifest_step.fail("manifest_claims", name=name, expected=expected, found=found)

    def _checkpoint(self) -> Checkpoint | None:
        step = self.report.step("checkpoint")
        try:
            text = self.archive.read(bundle.CHECKPOINT, bundle.MAX_SMALL).decode("utf-8")
            head = Checkpoint.parse(Note.parse(text).text)
        except (ValueError, BadNote, BadCheckpoint) as error:
            step.fail("bad_checkpoint", reason=str(error))
            return None
        self.report.subject |= {"log": head.origin, "size": str(head.size), "root": to_base64(head.root)}
        accepted = self.accepted = self._accept(step, text)
        if accepted is not None:
            step.say("checkpoint_detail", origin=head.origin, size=head.size)
            self._check_key(step, accepted)
        if self.manifest is not None and self.manifest.size != head.size:
            step.fail("manifest_size", manifest=self.manifest.size, size=head.size)
        return head

    def _check_key(self, step: Step, accepted: Accepted) -> None:
        """Check that the keys in the bundle, which are only there to be shown, hold the one that signed."""
        try:
            shown = self.archive.read(bundle.LOG_KEY, bundle.MAX_SMALL)
        except ValueError as error:
            step.fail("unreadable_part", reason=str(error))
            return
        lines = shown.splitlines(keepends=True)
        signed = f"{accepted.log}\n".encode() in lines
        if not signed or not all(_is_key(line, accepted.log) for line in lines):
            step.fail("key_file_differs", name=bundle.LOG_KEY, key=str(accepted.log))

    def _accept(self, step: Step, text: str) -> Accepted | None:
        """Check a checkpoint's signatures; an unknown log is not an error but leaves nothing to believe."""
        if self.policy is None:
            step.skip("earlier_failure")
            return None
        try:
            return self.policy.accept(text, ed25519.verify)
        except Untrusted as error:
            last = self.ended.get(text.partition("\n")[0])
            if forged(self.policy, text):
                step.fail("bad_signature", reason=str(error))
            elif last is not None:
                told = {"origin": last.origin, "size": last.size}
                step.skip("ended_log", **told)
                self.report.unverifiable.append(Remark("ended_log", told))
            else:
                step.skip("unknown_log", reason=str(error))
                self.report.unverifiable.append(Remark("unknown_log", {"reason": str(error)}))
            return None

    def _policy(self) -> Notice | None:
        step = self.policy_step = self.report.step("policy")
        try:
            notice = Notice.from_effective(self.archive.read(bundle.POLICY, bundle.MAX_SMALL))
        except (ComplianceError, ValueError) as error:
            step.fail("bad_policy", reason=str(error))
            return None
        code = "policy_detail" if notice.status == "in-force" else f"policy_detail_{notice.status}"
        step.say(code, id=notice.id, version=notice.version)
        self.report.subject |= {"policy": f"{notice.id}/{notice.version}"}
        return notice

    def _as_listed(self, file: FileDigest) -> bool:
        return self.digests.get(file.name) == file
