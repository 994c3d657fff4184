"""``lmscompliance demo`` as a newcomer starts it: its own directory, its own port, a clean end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from lmscompliance.demo.places import claimed, clear
from lmscompliance.kernel.errors import InvalidInput
from tests.house.sources import PACKAGE, imports
from tests.support.patience import PATIENCE_SECONDS

COMMAND = Path(sys.executable).parent / "lmscompliance"


def _start(*arguments: object, language: str = "en") -> subprocess.Popen[str]:
    # A shell without job control starts its background jobs deaf to Ctrl+C; a terminal does not.
    return subprocess.Popen(
        [COMMAND, "demo", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LC_ALL": language, "PYTHONUNBUFFERED": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )


def _address(server: subprocess.Popen[str]) -> str:
    for line in server.stdout:
        if "http://" in line:
            return line.split()[-1]
    raise AssertionError(server.stderr.read())


def test_the_demo_is_filled_once_stopped_and_started_again(tmp_path: Path) -> None:
    """An interrupted filling begins afresh; a finished one serves, stops at Ctrl+C and is used again."""
    data = tmp_path / "data"
    server = _start("--data", data, "--port", 0, "--trainees", 2)
    assert "minute" in server.stdout.readline()
    server.send_signal(signal.SIGINT)
    assert server.wait(PATIENCE_SECONDS) == 1
    server.communicate()
    assert not (data / "accounts.txt").exists()

    accounts = []
    for _ in range(2):
        server = _start("--data", data, "--port", 0, "--trainees", 2)
        address = _address(server)
        accounts.append((data / "accounts.txt").read_text(encoding="utf-8"))
        with urllib.request.urlopen(f"{address}/login") as page:  # noqa: S310  # an address of our own
            assert "示范学堂" in page.read().decode()
        server.send_signal(signal.SIGINT)
        rest, complaints = server.communicate(timeout=PATIENCE_SECONDS)
        assert server.returncode == 0, complaints
        assert "Traceback" not in complaints
        assert "stopped" in rest
    assert accounts[0] == accounts[1]
    assert "trainee5" in accounts[0]


@pytest.mark.parametrize(
    ("language", "words"), [("zh_CN.UTF-8", "请换一个端口，例如"), ("en", "Choose another")]
)
def test_a_port_in_use_is_said_before_anything_is_filled(tmp_path: Path, language: str, words: str) -> None:
    """One line names the port and the remedy, at once and not after a minute."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = _start("--data", tmp_path / "data", "--port", port, language=language)
        _, complaint = server.communicate(timeout=PATIENCE_SECONDS)
    assert server.returncode == 1
    assert str(port) in complaint
    assert words in complaint
    assert len(complaint.strip().splitlines()) == 1
    assert not (tmp_path / "data").exists()


def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """Starting the demo over one's own files by mistake deletes none of them."""
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    server = _start("--data", tmp_path, "--port", 0)
    _, complaint = server.communicate(timeout=PATIENCE_SECONDS)
    assert server.returncode == 1
    assert len(complaint.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The directory and what the system says of it stand in one line."""
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput) as refused, claimed(tmp_path / "file" / "data"):
        pass
    assert refused.value.code == "demo.unwritable"
    assert str(tmp_path / "file" / "data") in refused.value.message("zh_CN")


def test_clearing_follows_no_link_out_of_the_directory(tmp_path: Path) -> None:
    """What an earlier demo left goes; what a link in it points to stays."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    data = tmp_path / "data"
    with claimed(data):
        (data / "link").symlink_to(outside)
        (data / "exports").mkdir()
        (data / "exports" / "old").touch()
        clear(data)
        assert [path.name for path in data.iterdir()] == [".lmscompliance-demo"]
    assert (outside / "kept").exists()


def test_the_platform_imports_the_public_face_alone() -> None:
    """What an embedder copies from the demo works outside of this package."""
    ours = {name for name in imports(PACKAGE / "demo" / "platform.py") if name.startswith("lmscompliance")}
    assert ours == {"lmscompliance", "lmscompliance.demo.accounts"}
