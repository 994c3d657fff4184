"""Evidence files beside a bundle: packed from it, and held against its entries one by one."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.files import service as files
from lmscompliance.files.models import StoredFile
from lmscompliance.jobs import queue
from lmscompliance.jobs.aside import Apart
from lmscompliance.kernel.jcs import Json
from lmscompliance.ledgers import jobs
from lmscompliance.ledgers.evidence_files import pack
from lmscompliance.ledgers.models import PUBLIC, LedgerExport
from lmscompliance.ledgers.service import Export, export
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.verifier import Report, Verdict, verify
from tests.files import samples
from tests.ledgers.miniature import Miniature
from tests.support.app import administrator, auditor, client_for, make_app
from tests.verifier.tamper import take_apart

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ITINERARY, SCAN = samples.located(), samples.document()


@dataclass(frozen=True)
class Filed:
    """A class with two trainees' itineraries (one picture) and a stamped application, exported and packed."""

    services: Services
    exported: Export
    pack: Path

    def verify(self, *paths: Path) -> Report:
        """Verify the bundle with the files in ``paths``."""
        return verify(self.exported.bundle, self.exported.trust.read_bytes(), files=paths)

    def names(self) -> list[str]:
        """Return the names in the pack."""
        with zipfile.ZipFile(self.pack) as archive:
            return archive.namelist()

    def repacked(self, change: Callable[[dict[str, bytes]], None]) -> Path:
        """Return a copy of the pack after ``change`` of what is in it."""
        with zipfile.ZipFile(self.pack) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        change(found)
        path = self.pack.with_name("changed.zip")
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in found.items():
                archive.writestr(name, data)
        return path


def _keep(services: Services, data: bytes) -> dict[str, Json]:
    ready = files.prepare(services, data)
    with transaction(services.database) as session:
        digest = files.keep(session, services, ready)
    return {
        "sha256": digest,
        "original_sha256": ready.original_sha256,
        "media_type": ready.cleaned.kind.value,
        "size": len(ready.cleaned.data),
    }


def hand_in(miniature: Miniature) -> None:
    """Let two trainees hand in the same itinerary, and the enterprise a stamped application."""
    services = miniature.services
    for number, enrolment in enumerate(miniature.enrolments[:2]):
        body = _keep(services, ITINERARY) | {
            "proof": f"p{number}",
            "kind": "itinerary",
            "added_us": miniature.now_us(),
            "by": "trainee",
            "consent": {"version": "1"},
        }
        miniature.record(evidence.enrolment_stream(enrolment), "proof.added", body, ip="10.0.0.9")
    body = _keep(services, SCAN) | {"kind": "application", "added_us": miniature.now_us()}
    own = evidence.class_stream(miniature.class_id)
    miniature.record(own, "filing.document_added", body, by="clerk-1", ip="10.0.0.9")


@pytest.fixture
def filed(services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path) -> Filed:
    """Return the class, exported and packed."""
    hand_in(miniature)
    exported = export(services, signer, miniature.class_id, tmp_path / "out")
    target = tmp_path / "class.files.zip"
    told: list[int] = []
    assert pack(services, exported.bundle, target, lambda _phase, done, _whole: told.append(done)) == 3
    assert told == [1, 2, 3]
    return Filed(services, exported, target)


def _said(report: Report) -> str:
    return "\n".join(report.lines("zh_CN"))


def test_T28_a_pack_fits_its_bundle(filed: Filed, tmp_path: Path) -> None:
    """Every file is there once for each entry, the same bytes each time, and a folder is as good as a ZIP."""
    numbers = [name.split("-")[:2] for name in filed.names()]
    assert numbers == [["00000", "application"], ["00001", "itinerary"], ["00002", "itinerary"]]
    again = tmp_path / "again.zip"
    pack(filed.services, filed.exported.bundle, again, lambda *_: None)
    assert again.read_bytes() == filed.pack.read_bytes()
    assert "3 件材料文件" in _said(filed.verify())
    report = filed.verify(filed.pack)
    assert report.verdict is Verdict.VALID, _said(report)
    assert "收到 3 个文件；记录的材料 3 件，未收到 0 件" in _said(report)
    folder = tmp_path / "folder"
    with zipfile.ZipFile(filed.pack) as archive:
        archive.extractall(folder)
    assert filed.verify(folder).verdict is Verdict.VALID


def test_the_trainees_own_screenshot_is_as_good(filed: Filed, tmp_path: Path) -> None:
    """What was uploaded has its digest in the entry, too, beside that of what was kept."""
    own = tmp_path / "IMG_0001.jpg"
    own.write_bytes(ITINERARY)
    report = filed.verify(own)
    assert report.verdict is Verdict.VALID_WITH_FINDINGS
    assert [one.params["name"][:17] for one in report.findings] == ["00000-application"]


def _change(found: dict[str, bytes]) -> None:
    name = sorted(found)[1]
    found[name] = found[name][:-1] + b"?"


def _exchange(found: dict[str, bytes]) -> None:
    name = sorted(found)[1]
    found[name.replace("00001-", "00003-")] = found.pop(name)


def _add(found: dict[str, bytes]) -> None:
    found["../../etc/passwd"] = b"another class's"


def _drop(found: dict[str, bytes]) -> None:
    found.pop(min(found))


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (_change, "file_altered", "00001-itinerary-"),
        (_exchange, "file_misnamed", "00003-itinerary-"),
        (_add, "file_foreign", "../../etc/passwd"),
    ],
)
def test_what_does_not_fit_is_named(
    filed: Filed, change: Callable[[dict[str, bytes]], None], code: str, said: str
) -> None:
    """A changed file, one under another trainee's number, and one that nobody handed in."""
    report = filed.verify(filed.repacked(change))
    assert report.verdict is Verdict.INVALID
    (problem,) = report.problems
    assert problem.code == code
    assert said in problem.message()


def test_what_is_missing_is_a_finding(filed: Filed) -> None:
    """The bundle stays valid; the file that was not handed over is named with its entry."""
    report = filed.verify(filed.repacked(_drop))
    assert report.verdict is Verdict.VALID_WITH_FINDINGS
    (finding,) = report.findings
    assert finding.code == "file_missing"
    assert str(finding.params["name"]).startswith("00000-application-")
    assert filed.verify(filed.pack.with_name("nowhere")).verdict is Verdict.UNVERIFIABLE


def test_nothing_that_is_handed_over_harms(filed: Filed, tmp_path: Path) -> None:
    """A link is not followed, a damaged member and a ZIP that is none are told; the others are still read."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "zero").symlink_to("/dev/zero")
    assert [one.code for one in filed.verify(filed.pack, folder).problems] == ["file_not_plain"]
    data = bytearray(filed.pack.read_bytes())
    data[200] ^= 1
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(data)
    report = filed.verify(damaged)
    assert [one.code for one in report.problems] == ["files_unreadable"]
    assert len([one for one in report.findings if one.code == "file_missing"]) == 1
    rare = tmp_path / "rare.zip"
    with zipfile.ZipFile(rare, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("zeros", bytes(1000))
    assert [one.code for one in filed.verify(filed.pack, rare).problems] == ["files_unreadable"]
    none = tmp_path / "none.zip"
    none.write_bytes(b"PK")
    assert [one.code for one in filed.verify(filed.pack, none).problems] == ["file_foreign"]


def test_a_file_that_was_destroyed_is_left_out(filed: Filed, tmp_path: Path) -> None:
    """Packing goes on without it, and the verifier names it."""
    with transaction(filed.services.database) as session:
        session.execute(delete(StoredFile).where(StoredFile.media_type == "application/pdf"))
    target = tmp_path / "later.zip"
    assert pack(filed.services, filed.exported.bundle, target, lambda *_: None) == 2
    assert filed.verify(target).verdict is Verdict.VALID_WITH_FINDINGS


def test_the_page_packs_and_hands_out(services: Services, signer: LocalSigner, miniature: Miniature) -> None:
    """Asked for, packed by the job, handed out with a purpose; not for auditors or the public."""
    hand_in(miniature)
    app = make_app(services)
    client = client_for(app, administrator())
    page = f"/compliance/classes/{miniature.class_id}/ledger"
    for form in ("full", PUBLIC):
        client.post(page, data={"form": form})
        jobs.build_asked(services, signer)
    with reading(services.database) as session:
        ids = {one.form: one.id for one in session.scalars(select(LedgerExport))}
    full, public = (f"{page}/{ids[form]}" for form in ("full", PUBLIC))
    assert client.post(f"{public}/packing").status_code == 404
    assert client_for(app, auditor()).post(f"{full}/packing").status_code == 403
    assert client.post(f"{full}/files", data={"purpose": "审计"}).status_code == 404
    assert client.post(f"{full}/packing").status_code == 303
    assert "材料文件正在排队" in client.get(page).text
    assert jobs.build_asked(services, signer) == 1
    assert "下载材料文件" in client.get(page).text
    assert client.post(f"{full}/files").status_code == 422
    with client.post(f"{full}/files", data={"purpose": "审计"}, follow_redirects=True) as answer:
        packed = io.BytesIO(answer.data)
    with zipfile.ZipFile(packed) as archive:
        assert len(archive.namelist()) == 3
    assert "审计" in client.get(f"/compliance/classes/{miniature.class_id}/reveals").text


def test_a_cancelled_pack_leaves_nothing(
    services: Services, signer: LocalSigner, miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who packs aside is killed in the middle of a file; what it has written by then goes as well."""
    hand_in(miniature)
    client = client_for(make_app(services), administrator())
    page = f"/compliance/classes/{miniature.class_id}/ledger"
    client.post(page)
    jobs.build_asked(services, signer)
    with reading(services.database) as session:
        export_id = session.scalars(select(LedgerExport.id)).one()
    folder = services.settings.export_dir / miniature.class_id / export_id
    whole = sorted(folder.iterdir())
    client.post(f"{page}/{export_id}/packing")
    read, write, there, begun = files.read, queue.progress, list[str](), list[Path]()

    def slow(session: Session, services: Services, digest: str) -> files.Content:
        if there:
            time.sleep(600)  # in the other process, until it is killed
        there.append(digest)
        return read(session, services, digest)

    def cancelled(*arguments: object) -> None:
        begun.extend(path for path in folder.iterdir() if path not in whole)
        jobs.cancel(services, miniature.class_id, jobs.FILES)
        write(*arguments)

    monkeypatch.setattr(files, "read", slow)
    monkeypatch.setattr(queue, "progress", cancelled)
    assert jobs.build_asked(services, signer, Apart(services)) == 1
    assert len(begun) == 1
    assert sorted(folder.iterdir()) == whole


def test_a_class_without_files_says_so(services: Services, signer: LocalSigner, miniature: Miniature) -> None:
    """There is nothing to pack, and nothing is left of the attempt."""
    client = client_for(make_app(services), administrator())
    page = f"/compliance/classes/{miniature.class_id}/ledger"
    client.post(page)
    jobs.build_asked(services, signer)
    with reading(services.database) as session:
        export_id = session.scalars(select(LedgerExport.id)).one()
    client.post(f"{page}/{export_id}/packing")
    jobs.build_asked(services, signer)
    assert "没有记录任何材料文件" in client.get(page).text
    folder = services.settings.export_dir / miniature.class_id / export_id
    assert not [path for path in folder.iterdir() if "files" in path.name]


def test_no_file_is_in_a_bundle_for_mirrors(
    filed: Filed, services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """Neither of the two forms holds a file's bytes, only its digest."""
    public = export(services, signer, miniature.class_id, tmp_path / "out", form=PUBLIC)
    with zipfile.ZipFile(filed.pack) as archive:
        kept = [archive.read(name) for name in archive.namelist()]
    for one in (public.bundle, filed.exported.bundle):
        whole = b"\n".join(take_apart(one).values())
        assert all(data not in whole for data in kept)
    assert verify(public.bundle, public.trust.read_bytes(), files=[filed.pack]).problems == []
