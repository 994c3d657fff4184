"""What is sealed opens with its key and nowhere else; keys change under a running process."""

from __future__ import annotations

import shlex
import sys

import pytest

from lmscompliance.kernel.errors import ComplianceError, Misconfigured
from lmscompliance.vault import Vault
from lmscompliance.vault.ciphers import AES, SM4
from lmscompliance.vault.keys import KeyRing, Kind
from lmscompliance.vault.sources import CommandKeys, FileKeys

PLACE = "table.column"
NUMBER = "320522199001010019"


@pytest.mark.parametrize("cipher", [AES, SM4])
def test_a_value_opens_only_in_its_own_place_and_unaltered(cipher):
    """A ciphertext that was moved to another column or altered in any byte does not open."""
    vault = Vault(KeyRing.new(cipher))
    sealed = vault.seal(PLACE, NUMBER)
    assert vault.open(PLACE, sealed) == NUMBER
    assert sealed != vault.seal(PLACE, NUMBER)
    assert NUMBER.encode() not in sealed
    with pytest.raises(ComplianceError, match="altered"):
        vault.open("table.other", sealed)
    for index in range(len(sealed)):
        forged = bytearray(sealed)
        forged[index] ^= 1
        with pytest.raises(ComplianceError):
            vault.open(PLACE, bytes(forged))
    for length in range(len(sealed)):
        with pytest.raises(ComplianceError):
            vault.open(PLACE, sealed[:length])


def test_sm4_in_gcm_is_the_published_one():
    """The national cipher gives the example of RFC 8998, appendix A.1."""
    from lmscompliance.vault.ciphers import build

    made = build(SM4, bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")).encrypt(
        bytes.fromhex("00001234567800000000ABCD"),
        bytes.fromhex("AA" * 8 + "BB" * 8 + "CC" * 8 + "DD" * 8 + "EE" * 8 + "FF" * 8 + "EE" * 8 + "AA" * 8),
        bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2"),
    )
    assert made == bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )


def test_values_under_both_ciphers_stay_readable(tmp_path):
    """A new key may be for another cipher; the older values open as before, after a restart too."""
    keys = FileKeys(tmp_path / "vault.json")
    vault = Vault(keys)
    before = vault.seal(PLACE, "甲")
    keys.change(lambda ring: ring.added(Kind.ENCRYPTION, SM4).promoted(Kind.ENCRYPTION))
    after = vault.seal(PLACE, "乙")
    assert (before[2], after[2]) == (1, 2)
    for one in (vault, Vault(FileKeys(tmp_path / "vault.json"))):
        assert (one.open(PLACE, before), one.open(PLACE, after)) == ("甲", "乙")


def test_a_process_that_holds_the_old_ring_learns_the_new_one(tmp_path):
    """Another process sharing the file seals and indexes with the new keys at once, without a restart."""
    mine, theirs = (FileKeys(tmp_path / "vault.json") for _ in range(2))
    worker = Vault(theirs)
    old = worker.blind("d", NUMBER)
    mine.change(lambda ring: ring.added(Kind.ENCRYPTION, AES).added(Kind.INDEX, AES))
    assert worker.seal(PLACE, "甲")[2] == 1
    assert worker.blind("d", NUMBER) == old
    assert len(worker.blinds("d", NUMBER)) == 2
    mine.change(lambda ring: ring.promoted(Kind.ENCRYPTION).promoted(Kind.INDEX))
    assert worker.seal(PLACE, "甲")[2] == 2
    assert worker.blind("d", NUMBER) != old
    assert worker.matches("d", NUMBER, old)


def test_a_key_file_that_vanishes_stops_nobody(tmp_path):
    """A worker goes on with the ring it has, and takes the file up again when it is back."""
    keys = FileKeys(tmp_path / "vault.json")
    vault = Vault(keys)
    sealed = vault.seal(PLACE, "甲")
    keys.path.rename(tmp_path / "aside")
    assert vault.open(PLACE, sealed) == "甲"
    keys.path.write_text("{", encoding="ascii")
    assert vault.open(PLACE, vault.seal(PLACE, "乙")) == "乙"


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o666, 0o601])
def test_a_key_file_that_others_may_read_is_refused(tmp_path, mode):
    """The start names the file and the remedy; a group that may read, as mounted secrets have, is allowed."""
    path = tmp_path / "vault.json"
    FileKeys(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    FileKeys(path)
    path.chmod(mode)
    with pytest.raises(Misconfigured, match="chmod 600"):
        FileKeys(path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"current": 1}', '{"current":1,"encryption":{},"index":{}}']
)
def test_what_is_no_key_ring_is_said_so(tmp_path, text):
    """A damaged file is never taken for an empty ring, nor replaced by a new one."""
    path = tmp_path / "vault.json"
    path.write_text(text, encoding="ascii")
    path.chmod(0o600)
    with pytest.raises(Misconfigured, match=r"vault\.json"):
        FileKeys(path)
    assert path.read_text(encoding="ascii") == text


def test_a_command_hands_out_the_keys_and_is_asked_again(tmp_path):
    """A value under a key nobody here knows makes the command run once more."""
    keys = FileKeys(tmp_path / "manager.json")
    command = shlex.join(
        [sys.executable, "-c", "import sys; print(open(sys.argv[1]).read())", str(keys.path)]
    )
    worker = Vault(CommandKeys(command))
    keys.change(lambda ring: ring.added(Kind.ENCRYPTION, AES).promoted(Kind.ENCRYPTION))
    assert worker.seal(PLACE, "甲")[2] == 1
    assert worker.open(PLACE, Vault(keys).seal(PLACE, "乙")) == "乙"
    assert worker.seal(PLACE, "甲")[2] == 2


@pytest.mark.parametrize("program", ["print('no ring')", "print('{'); raise SystemExit(3)"])
def test_a_command_that_fails_shows_nothing_it_printed(program):
    """The error names the command and not its output, which may hold keys."""
    with pytest.raises(Misconfigured) as raised:
        CommandKeys(shlex.join([sys.executable, "-c", program]))
    assert "no ring" not in str(raised.value)
    assert sys.executable in str(raised.value)


def test_no_key_shows_in_a_ring_that_is_printed():
    """A traceback that shows its variables shows no key."""
    ring = KeyRing.new()
    shown = repr(ring) + repr(ring.encryption[1]) + repr(Vault(ring))
    assert repr(ring.encryption[1].secret)[2:-1] not in shown
    assert ring.text() not in shown
