"""The demo platform with its running class under a quick policy, served as ``lmscompliance demo`` does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lmscompliance import Compliance
from lmscompliance.demo import running
from lmscompliance.demo.platform import create_app
from lmscompliance.demo.serve import add_staff
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.ids import Ids, SystemRandomness
from lmscompliance.questions.service import QuestionValue, drawable
from lmscompliance.rules.marking import KINDS
from lmscompliance.services import Services
from lmscompliance.storage.migrate import upgrade
from lmscompliance.storage.transaction import reading
from lmscompliance.training.service import EnterpriseInput, file_class
from tests.demo.quick import QUICK

ROOT = Path(__file__).parents[2]
ELSEWHERE = "别处的培训班"


@dataclass(frozen=True)
class Running:
    """The running class: its people's codes by login, and the bank by the questions' stems."""

    data_dir: Path
    policy_dir: Path
    codes: dict[str, str]
    bank: dict[str, QuestionValue]

    def services(self) -> Services:
        """Return services over the same data, as another process has them; dispose of its database."""
        compliance = Compliance()
        return compliance.services(create_app(self.data_dir, compliance, self.policy_dir))


def begin(data_dir: Path, policy_dir: Path, seconds: int) -> Running:
    """Make the running class with lessons of ``seconds`` in the database of ``data_dir``."""
    compliance = Compliance()
    app = create_app(data_dir, compliance, policy_dir)
    services = compliance.services(app)
    upgrade(services.database)
    people = running.begin(
        app, compliance, Ids(services.clock, SystemRandomness()), data_dir, policy=QUICK, seconds=seconds
    )
    with reading(services.database) as session:
        bank = {
            question.stem: question
            for topic in services.policies.get(QUICK).topics.required
            for kind in KINDS
            for question in drawable(session, topic, kind)
        }
    add_staff(app.extensions["demo_store"])
    _file_elsewhere(services)
    services.database.dispose()
    return Running(data_dir, policy_dir, {one.login: one.code for one in people}, bank)


def _file_elsewhere(services: Services) -> None:
    """File a class of another enterprise in another district, which none of the demo's staff may see."""
    day = shanghai_day(services.clock.now())
    owner = EnterpriseInput("91320585MA0DEM002W", "另一家企业（虚构）", "浏河镇")
    file_class(
        services, code="ELSEWHERE", title=ELSEWHERE, policy_id=QUICK, enterprise=owner, window=(day, day)
    )


@contextmanager
def served(site: Running) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serve ``site`` from a process of its own; yields its address and its process, ended afterwards."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.demo.site", str(site.data_dir), str(site.policy_dir)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield server.stdout.readline().strip(), server
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def main() -> None:
    """Serve until killed; the first line printed is the address."""
    from lmscompliance.demo.places import address_of, listening
    from lmscompliance.demo.serve import run

    data_dir, policy_dir = map(Path, sys.argv[1:])
    compliance = Compliance()
    app = create_app(data_dir, compliance, policy_dir)
    with listening(0) as listener:
        print(address_of(listener), flush=True)
        run(app, compliance, listener)


if __name__ == "__main__":
    main()
