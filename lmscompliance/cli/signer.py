"""``lmscompliance signer``: the log's signer as another user. Imports nothing of the platform."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from lmscompliance.cli.showing import say
from lmscompliance.kernel.errors import InvalidInput, Misconfigured
from lmscompliance.signer import LocalSigner, files, keys, life
from lmscompliance.signer.protocol import Service
from lmscompliance.signer.server import open_server
from lmscompliance.tlog.checkpoint import BadCheckpoint, Checkpoint
from lmscompliance.tlog.notes import BadNote, Note, valid_name

PASSPHRASE = "LMSCOMPLIANCE_SIGNER_PASSPHRASE"  # noqa: S105  # the variable's name
_LEAST_CHARACTERS = 12

_directory = click.argument("directory", type=click.Path(file_okay=False, path_type=Path))


def _passphrase_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--passphrase-file",
        type=click.Path(path_type=Path),
        help=f"A file whose first line opens the keys; else {PASSPHRASE}, else it is asked for.",
    )(function)


@click.group("signer")
def group() -> None:
    """Keep the evidence log's key apart from the platform."""


@group.command("create")
@_directory
@click.option("--origin", required=True, help="The log's name, as the platform's COMPLIANCE_LOG_ORIGIN.")
@click.option(
    "--after",
    type=click.Path(path_type=Path),
    help="A file with the last checkpoint of the log that goes on under this name.",
)
@_passphrase_option
def create(directory: Path, origin: str, after: Path | None, passphrase_file: Path | None) -> None:
    """Make a log's key in DIRECTORY, encrypted under a passphrase."""
    if not valid_name(origin):
        raise Misconfigured("cli.bad_origin", origin=origin)
    begin = None if after is None else _checkpoint(after)
    made = life.create(directory, origin, _checked(_new_passphrase(passphrase_file)), begin)
    say("cli.signer_created", origin=origin, directory=directory, vkey=made.vkey)


@group.command("protect")
@_directory
@_passphrase_option
@click.option(
    "--new-passphrase-file",
    type=click.Path(path_type=Path),
    help="A file whose first line is the new passphrase; else it is asked for.",
)
def protect(directory: Path, passphrase_file: Path | None, new_passphrase_file: Path | None) -> None:
    """Encrypt the keys in DIRECTORY, or change their passphrase.

    For a signer that began inside the platform: stop the platform, move its directory to the signer's user,
    then protect it.
    """
    old = _passphrase(directory, passphrase_file)
    new = _checked(_first_line(new_passphrase_file) if new_passphrase_file else _asked(confirm=True))
    life.protect(directory, _origin(directory), old, new)
    say("cli.signer_protected", directory=directory)


@group.command("key")
@_directory
def key(directory: Path) -> None:
    """Print the public keys in DIRECTORY.

    Those retired after a rotation and the SM2 key as well.
    """
    signing, retired = keys.public_halves(directory)
    for vkey in signing:
        click.echo(str(vkey))
    for vkey in retired:
        if vkey not in signing:
            say("cli.signer_retired", vkey=vkey)
    sm2 = keys.national(directory)
    if sm2 is not None:
        say("cli.signer_national", vkey=sm2)


@group.command("serve")
@_directory
@click.option(
    "--listen",
    required=True,
    help="unix:///path of a socket (its group may connect), or http://127.0.0.1:port with a token.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="The token that requests must show; required on http://, where any local user can connect.",
)
@_passphrase_option
def serve(directory: Path, listen: str, token_file: Path | None, passphrase_file: Path | None) -> None:
    """Run the signer whose keys and mark are in DIRECTORY.

    Signs a checkpoint only if it extends the last one it signed, as it checks by itself. Run it as a user of
    its own: the platform's must not be able to read DIRECTORY. Needs no settings and no database.
    """
    with files.alone(directory):
        signer = LocalSigner(directory, _origin(directory), _passphrase(directory, passphrase_file))
        signer.mark()
        with open_server(listen, lambda token: Service(signer, token), token_file) as server:
            say("cli.signer_serves", origin=signer.origin, url=server.url, vkey=signer.vkey)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                return


@group.command("rotate")
@_directory
@click.option("--finish", is_flag=True, help="Retire the old key: its private half is deleted.")
@_passphrase_option
def rotate(directory: Path, passphrase_file: Path | None, *, finish: bool) -> None:
    """Replace the key in DIRECTORY in two steps.

    First a new key signs beside the old one, so that every checkpoint carries both lines and trust policies
    can be renewed; when they have had time, --finish retires the old one. Stop the signer for each step.
    """
    step = life.finish_rotation if finish else life.begin_rotation
    vkey = step(directory, _origin(directory), _passphrase(directory, passphrase_file))
    if finish:
        say("cli.signer_rotated", vkey=vkey)
    else:
        say("cli.signer_rotating", vkey=vkey)


@group.command("national")
@_directory
@_passphrase_option
def national(directory: Path, passphrase_file: Path | None) -> None:
    """Let an SM2 key sign beside the present one in DIRECTORY.

    Each checkpoint gets one more line, which readers that do not know SM2 pass over; exports get SM3 digests.
    Needs lmscompliance[national] here. Stop the signer first.
    """
    vkey = life.add_national(directory, _origin(directory), _passphrase(directory, passphrase_file))
    say("cli.signer_national", vkey=vkey)


@group.command("freeze")
@_directory
@click.option("--reason", required=True, help="Why the log ends, as 'key compromised'.")
def freeze(directory: Path, reason: str) -> None:
    """End the log in DIRECTORY for good.

    Its last checkpoint, printed here, stays the last. For a key that somebody else may hold. Seal first
    (lmscompliance seal) if the platform is still to be trusted; what was recorded later goes into the next
    log.
    """
    click.echo(life.freeze(directory, reason), nl=False)


def _checkpoint(path: Path) -> Checkpoint:
    try:
        return Checkpoint.parse(Note.parse(path.read_bytes()).text)
    except (OSError, BadNote, BadCheckpoint) as error:
        raise Misconfigured("cli.file_unreadable", file=path, reason=str(error)) from error


def _origin(directory: Path) -> str:
    return keys.public_halves(directory)[0][0].name


def _passphrase(directory: Path, path: Path | None) -> bytes | None:
    """Return what opens the keys, or ``None`` where they are not encrypted."""
    if path is not None:
        return _first_line(path)
    if PASSPHRASE in os.environ:
        return os.environ[PASSPHRASE].encode()
    return _asked(confirm=False) if keys.encrypted(directory) else None


def _new_passphrase(path: Path | None) -> bytes:
    if path is not None:
        return _first_line(path)
    return os.environ[PASSPHRASE].encode() if PASSPHRASE in os.environ else _asked(confirm=True)


def _first_line(path: Path) -> bytes:
    try:
        return path.read_bytes().partition(b"\n")[0].rstrip(b"\r")
    except OSError as error:
        raise Misconfigured("cli.file_unreadable", file=path, reason=error.strerror or str(error)) from error


def _asked(*, confirm: bool) -> bytes:
    answer: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    return answer.encode()


def _checked(passphrase: bytes) -> bytes:
    if len(passphrase.decode("utf-8", "replace")) < _LEAST_CHARACTERS:
        raise InvalidInput("signer.bad_passphrase", length=_LEAST_CHARACTERS)
    return passphrase
