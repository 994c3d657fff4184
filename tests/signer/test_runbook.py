"""The key runbook, typed word by word: every command in docs/key-runbook.md, in its order."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command

from lmscompliance.storage import migrate
from lmscompliance.tlog.notes import Note, VKey
from lmscompliance.verifier import ed25519
from tests.evidence.logs import write
from tests.house.sources import ROOT
from tests.signer.served import PASSPHRASE, serving

GUIDE = (ROOT / "docs" / "key-runbook.md").read_text(encoding="utf-8")
OLD, NEW = "log.example.com/platform", "log.example.com/platform-2"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def commands(heading):
    """Return the commands below a heading."""
    section = re.split(r"^## ", GUIDE.partition(f"## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [line.strip() for block in blocks for line in block.strip().splitlines()]


class Terminal:
    """Two people at their terminals: the signer's keeper and the platform's."""

    def __init__(self, services, tmp_path):
        """Stand in a directory of one's own; ``lmscompliance`` is on the path."""
        self.services, self.home = services, tmp_path
        self.signer, self.origin = "DIR", OLD
        (tmp_path / "bin").mkdir()
        script = tmp_path / "bin" / "lmscompliance"
        script.write_text(f"#!{sys.executable}\nfrom lmscompliance.cli import main\nmain()\n")
        script.chmod(0o755)

    def type(self, line, code=0):
        """Run one line as typed; the platform's verbs find the signer running, its own do not."""
        if " signer " in f" {line} ":
            return self._run(line, code)
        with serving(self.home / self.signer, f"unix://{self.home}/s.sock"):
            return self._run(line, code)

    def _run(self, line, code):
        url = self.services.database.engine.url.render_as_string(hide_password=False)
        environment = os.environ | {
            "PATH": f"{self.home}/bin:{os.environ['PATH']}",
            "LC_ALL": "en_US.UTF-8",
            "LMSCOMPLIANCE_SIGNER_PASSPHRASE": PASSPHRASE,
            "COMPLIANCE_DATA_DIR": str(self.home / "data"),
            "COMPLIANCE_DATABASE_URL": url,
            "COMPLIANCE_LOG_ORIGIN": self.origin,
            "COMPLIANCE_SIGNER_URL": f"unix://{self.home}/s.sock",
        }
        answers = f"{PASSPHRASE} again\n{PASSPHRASE} again\n"
        done = subprocess.run(  # noqa: S602  # our own guide's lines, redirections and all
            line,
            shell=True,
            cwd=self.home,
            env=environment,
            input=answers,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, (line, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture
def terminal(migrated, services, tmp_path):
    """Return a terminal over a platform whose log has three entries."""
    terminal = Terminal(services, tmp_path)
    terminal.type(f"lmscompliance signer create DIR --origin {OLD}")
    write(services, count=3)
    terminal.type("lmscompliance seal")
    return terminal


@pytest.fixture
def migrated(services):
    """Say that the tables, made from the models, are up to date."""
    config = migrate.config()
    with services.database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.stamp(config, "head")


def test_replacing_a_key_in_good_order(terminal):
    """Begin, seal, finish, seal: two keys, then one, and a log that says so."""
    begin, seal, finish = commands("Replacing a key in good order")
    old = terminal.type("lmscompliance signer key DIR").strip()
    terminal.type(begin)
    terminal.type(finish, code=1)
    assert "1 sealed" not in terminal.type(seal)
    terminal.type(finish)
    assert f"{old} (retired)" in terminal.type("lmscompliance signer key DIR")
    terminal.type(seal)
    assert ", 0 waiting" in terminal.type("lmscompliance log fsck")


def test_changing_the_passphrase(terminal):
    """The command asks for the new passphrase, twice."""
    (protect,) = commands("Changing the passphrase")
    before = (terminal.home / "DIR" / "key").read_text()
    terminal.type(protect)
    after = (terminal.home / "DIR" / "key").read_text()
    assert before.split("\n")[1] == after.split("\n")[1]
    assert before != after


def test_a_key_that_others_may_hold(terminal, services):
    """Seal, freeze, a new signer, succeed, check: the log goes on under the new name."""
    seal, freeze, create, succeed, check = commands("A key that others may hold")
    vkey = terminal.type("lmscompliance signer key DIR").strip()
    (terminal.home / "old.trust").write_text(f"log {vkey}\nquorum none\n")
    terminal.type(seal)
    terminal.type(freeze)
    write(services, count=2)
    terminal.type("lmscompliance seal", code=1)
    terminal.type(create)
    terminal.signer, terminal.origin = "NEW", NEW
    said = terminal.type(succeed)
    assert NEW in said
    assert "0 problems" in terminal.type(check)
    note = Note.parse((terminal.home / "NEW" / "checkpoint").read_text())
    assert note.text.startswith(f"{NEW}\n6\n")
    assert (Path(terminal.home) / "final.checkpoint").read_text().startswith(f"{OLD}\n3\n")
    with pytest.raises(ValueError, match="no signature"):
        note.verify([VKey.parse(vkey)], ed25519.verify)
