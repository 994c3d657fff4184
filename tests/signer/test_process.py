"""The signer as a process: over a socket and loopback, under kills, and what the platform does without it."""

import http.client
import signal
import stat
import subprocess
from dataclasses import replace

import pytest

from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.signer import RemoteSigner, SignerFrozen, SignerRefuses, SignerUnreachable
from lmscompliance.extension.signing import signer_of
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.signer import LocalSigner, client, life
from lmscompliance.tlog.checkpoint import Checkpoint
from tests.evidence.logs import assert_sound, write
from tests.judge import gojudge
from tests.signer.heads import LEAVES, ORIGIN, head, proof, signer_in
from tests.signer.served import ENGLISH, command, end, serving, start
from tests.support.patience import PATIENCE_SECONDS
from tests.support.peers import DRIPS, peer

TOKEN = "t" * 40

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def token_file(tmp_path):
    """Return a file with the shared token."""
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    return path


@pytest.fixture(params=["unix", "http"])
def remote(request, tmp_path, token_file):
    """Yield a remote signer over either transport."""
    signer_in(tmp_path)
    listen = f"unix://{tmp_path}/s.sock" if request.param == "unix" else "http://127.0.0.1:0"
    token = None if request.param == "unix" else token_file
    with serving(tmp_path / "signer", listen, token_file=token) as url:
        yield RemoteSigner(url, ORIGIN, token)


def test_a_remote_signer_keeps_the_contract(remote, tmp_path):
    """Signs what extends its mark, repeats the very note, refuses a smaller, another and a forged head."""
    assert remote.mark() == Checkpoint(ORIGIN, *head(0))
    first = remote.sign_checkpoint(*head(3), [])
    assert remote.sign_checkpoint(*head(3), []) == first
    note = remote.sign_checkpoint(*head(8), proof(3, 8))
    assert remote.sign_checkpoint(*head(8), proof(3, 8)) == note == signer_in(tmp_path).mark_note()
    assert remote.vkeys == signer_in(tmp_path).vkeys
    for size, root, hashes, code in [
        (*head(3), [], "signer.refuses"),
        (8, bytes(32), [], "signer.refuses"),
        (*head(12), [], "signer.refuses_history"),
        (*head(12, LEAVES[::-1]), proof(8, 12, LEAVES[::-1]), "signer.refuses_history"),
    ]:
        with pytest.raises(SignerRefuses) as caught:
            remote.sign_checkpoint(size, root, hashes)
        assert (caught.value.code, caught.value.params["signed"]) == (code, 8)
    assert remote.mark().size == 8


def test_status_codes(tmp_path, token_file):
    """Every refusal of the protocol has its status, and nothing is told without the token."""
    signer_in(tmp_path).sign_checkpoint(*head(8), [])
    with serving(tmp_path / "signer", "http://127.0.0.1:0", token_file=token_file) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE_SECONDS)

        def ask(method, path, body=None, token=TOKEN):
            connection.request(method, path, body, {"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

        text = Checkpoint(ORIGIN, *head(12)).text()
        assert ask("GET", "/keys", token="x" * 40)[0] == 401
        assert ask("POST", "/sign-checkpoint", b"\n" + text.encode(), token="")[0] == 401
        assert ask("GET", "/keys")[1] == f"signing {signer_in(tmp_path).vkey}\n"
        assert ask("GET", "/nothing")[0] == 404
        assert ask("POST", "/sign-checkpoint", b"\n" + text.replace(ORIGIN, "other").encode())[0] == 404
        for body in (b"", b"\n", b"x\n\n" + text.encode(), b"\n" * 70 + text.encode(), b"\n" + b"\xff"):
            assert ask("POST", "/sign-checkpoint", body)[0] == 400
        assert ask("POST", "/sign-checkpoint", f"\n{text}extension\n")[0] == 400
        assert ask("POST", "/sign-checkpoint", f"\n{Checkpoint(ORIGIN, *head(3)).text()}") == (409, "8\n")
        assert ask("POST", "/sign-checkpoint", f"\n{text}")[0] == 422
        assert ask("POST", "/sign-checkpoint", b"x" * 20_000)[0] == 400
        connection.close()


def test_a_socket_is_open_to_owner_and_group_alone(tmp_path):
    """Others on the machine cannot connect; a socket that a killed signer left is replaced."""
    signer_in(tmp_path)
    path = tmp_path / "s.sock"
    for how in (signal.SIGKILL, signal.SIGTERM):
        process, url = start(tmp_path / "signer", f"unix://{path}")
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert RemoteSigner(url, ORIGIN).mark().size == 0
        end(process, how)


def test_nothing_else_at_the_path_is_removed(tmp_path):
    """A file that stands where the socket should be is kept, and named."""
    signer_in(tmp_path)
    path = tmp_path / "precious"
    path.write_text("x")
    asked = subprocess.run(
        command("serve", tmp_path / "signer", "--listen", f"unix://{path}"),
        capture_output=True,
        text=True,
        env=ENGLISH,
        check=False,
    )
    assert asked.returncode == 2
    assert "precious" in asked.stderr
    assert path.read_text() == "x"


@pytest.mark.parametrize(
    ("listen", "said"),
    [
        ("http://127.0.0.1:0", "shared token"),
        ("http://0.0.0.0:0", "not opened to a network"),
        ("http://192.0.2.1:80", "not opened to a network"),
        ("https://127.0.0.1:1", "not opened to a network"),
        ("unix://relative", "not opened to a network"),
    ],
)
def test_where_it_does_not_listen(tmp_path, listen, said):
    """Never on a network, and on loopback never without a token."""
    signer_in(tmp_path)
    asked = subprocess.run(
        command("serve", tmp_path / "signer", "--listen", listen),
        capture_output=True,
        text=True,
        env=ENGLISH,
        check=False,
    )
    assert asked.returncode == 2
    assert said in asked.stderr


def test_one_process_at_a_time(tmp_path):
    """A second signer over the directory, and a key change under a running one, are refused."""
    signer_in(tmp_path)
    with serving(tmp_path / "signer", f"unix://{tmp_path}/one"):
        for arguments in (
            ["serve", tmp_path / "signer", "--listen", f"unix://{tmp_path}/two"],
            ["rotate", tmp_path / "signer"],
            ["freeze", tmp_path / "signer", "--reason", "x"],
        ):
            asked = subprocess.run(
                command(*arguments), capture_output=True, text=True, env=ENGLISH, check=False
            )
            assert asked.returncode == 1
            assert "stop it first" in asked.stderr


def test_a_wrong_token_and_another_log_are_configuration_errors(tmp_path, token_file):
    """Both are said in words that name the setting."""
    signer_in(tmp_path)
    other = tmp_path / "other"
    other.write_text("o" * 40)
    with serving(tmp_path / "signer", "http://127.0.0.1:0", token_file=token_file) as url:
        with pytest.raises(Misconfigured, match="COMPLIANCE_SIGNER_TOKEN_FILE"):
            RemoteSigner(url, ORIGIN, other).mark()
        with pytest.raises(Misconfigured, match="COMPLIANCE_LOG_ORIGIN"):
            RemoteSigner(url, "log.example/else", token_file).mark()
    other.write_text("short")
    with pytest.raises(Misconfigured, match="32 random characters"):
        RemoteSigner(url, ORIGIN, other)


def test_a_frozen_log_is_told_from_a_refusal(tmp_path):
    """The last note is still given; nothing new is."""
    last = signer_in(tmp_path).sign_checkpoint(*head(3), [])
    life.freeze(tmp_path / "signer", "tried")
    with serving(tmp_path / "signer", f"unix://{tmp_path}/s") as url:
        remote = RemoteSigner(url, ORIGIN)
        assert remote.sign_checkpoint(*head(3), []) == last
        with pytest.raises(SignerFrozen):
            remote.sign_checkpoint(*head(8), proof(3, 8))


@pytest.mark.parametrize("how", DRIPS)
@pytest.mark.parametrize("listens", ["unix", "http"])
def test_a_signer_that_never_ends_its_answer_is_given_up(tmp_path, token_file, monkeypatch, how, listens):
    """Silence and drips are no answer, over either transport; the sealer asks again at its next run."""
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 0.2)
    path = tmp_path / "s" if listens == "unix" else None
    with peer(DRIPS[how], path) as slow, pytest.raises(SignerUnreachable):
        RemoteSigner(slow.url, ORIGIN, token_file).mark()


@pytest.mark.judge
def test_sealing_waits_for_the_signer_and_goes_on(services, tmp_path):
    """Recording is not disturbed while it is away; when it returns everything is sealed, in order."""
    signer_in(tmp_path)
    url = f"unix://{tmp_path}/s.sock"
    asking = replace(services, settings=replace(services.settings, signer_url=url, log_origin=ORIGIN))
    process, _ = start(tmp_path / "signer", url)
    write(services, count=3)
    assert seal_all(asking, signer_of(asking)).size == 3
    end(process, signal.SIGKILL)
    write(services, count=4)
    for _ in range(2):
        with pytest.raises(SignerUnreachable, match="nothing recorded is lost"):
            seal_all(asking, signer_of(asking))
    write(services, count=2)
    with serving(tmp_path / "signer", url):
        assert seal_all(asking, signer_of(asking)).size == 9
    signer = LocalSigner(tmp_path / "signer", ORIGIN)
    assert assert_sound(services, signer).sealed == 9
    gojudge.assert_accepts(services, signer.vkey)
