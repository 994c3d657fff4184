"""An exported bundle under a policy that demands witnesses: with their cosignatures, and without."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Thread

import pytest

from lmscompliance.evidence import cosigning
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import SHANGHAI, ManualClock
from lmscompliance.ledgers.service import export
from lmscompliance.verifier import verify
from lmscompliance.verifier.report import Verdict
from lmscompliance.witness import Witness
from lmscompliance.witness.server import WitnessServer
from tests.ledgers.miniature import build, standalone
from tests.support.patience import PATIENCE_SECONDS


@pytest.mark.parametrize(("asked", "quorum", "good"), [(1, "any", True), (1, "all", False), (2, "all", True)])
def test_a_quorum_is_met_by_who_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: int, quorum: str, *, good: bool
) -> None:
    """Of two witnesses that a verifier knows, the platform had asked one or both before it exported."""
    monkeypatch.setattr(cosigning, "TIMEOUT_SECONDS", PATIENCE_SECONDS)
    clock = ManualClock(datetime(2021, 2, 1, 8, 0, tzinfo=SHANGHAI))
    services = standalone(tmp_path, clock)
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    miniature = build(services, clock)
    witnesses = [Witness.open(tmp_path / f"w{n}", f"w{n}.example", [signer.vkey], clock) for n in (1, 2)]
    servers = [WitnessServer(("127.0.0.1", 0), witness) for witness in witnesses]
    threads = [Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    try:
        lines = [f"witness w{n} {one.vkey}" for n, one in enumerate(witnesses, start=1)]
        urls = [f"http://127.0.0.1:{server.server_port}" for server in servers]
        file = tmp_path / "witnesses.policy"
        file.write_text(
            "".join(f"{line} {url}\n" for line, url in list(zip(lines, urls, strict=True))[:asked])
            + "quorum none\n"
        )
        asking = replace(services, settings=replace(services.settings, witnesses=file))
        done = export(asking, signer, miniature.class_id, tmp_path / "out")
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()
        services.database.dispose()
    policy = "\n".join([f"log {signer.vkey}", *lines, f"group g {quorum} w1 w2", "quorum g", ""])
    plain = verify(done.bundle, f"log {signer.vkey}\nquorum none\n").verdict
    assert plain in {Verdict.VALID, Verdict.VALID_WITH_FINDINGS}
    assert verify(done.bundle, policy).verdict is (plain if good else Verdict.UNVERIFIABLE)
    assert done.trust.read_text().endswith(f"{file.read_text()}")
