"""``lmscompliance log``: re-check the evidence log from storage, or keep a copy of somebody's."""

from __future__ import annotations

from pathlib import Path

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.showing import say
from lmscompliance.evidence import stamping
from lmscompliance.evidence.fsck import fsck
from lmscompliance.evidence.mirror import Source, mirror
from lmscompliance.evidence.reader import log_size
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.succession import succeed
from lmscompliance.extension.signing import signer_of
from lmscompliance.kernel.clock import shanghai
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog.trust import BadPolicy, TrustPolicy


@click.group("log")
def group() -> None:
    """Re-check the evidence log, or mirror one."""


@group.command("fsck")
@click.pass_context
def check(context: click.Context) -> None:
    """Check the whole log again from storage.

    Looks at every guard, entry, hash, tile, checkpoint, witness's line, timestamp and kept value, and
    holds the whole against the last tree head that the signer signed.

    Exit code: 0 sound, 1 when anything is not as it must be.
    """
    with services() as given:
        signer = signer_of(given)
        # Asked before the log is read: it may have grown since, never shrunk.
        vkeys, mark = signer.vkeys, signer.mark()
        with reading(given.database) as session:
            report = fsck(session, given, vkeys, mark)
    for problem in report.problems:
        click.echo(problem)
    say(
        "cli.log_checked",
        entries=report.entries,
        sealed=report.sealed,
        waiting=report.waiting,
        checkpoints=report.checkpoints,
        cosignatures=report.cosignatures,
        timestamps=report.timestamps.stamps,
        disclosures=report.disclosures,
        problems=len(report.problems),
    )
    if report.timestamps.unchecked:
        say("cli.log_unchecked", count=report.timestamps.unchecked)
    context.exit(0 if report.sound else 1)


@group.command("stamp")
@click.pass_context
def stamp(context: click.Context) -> None:
    """Have the newest checkpoint stamped now.

    Asks the RFC 3161 authority of the settings, which otherwise happens once a day and at each export.

    Exit code: 0 stamped, 1 when the authority did not answer or its answer was not good.
    """
    with services() as given:
        if not given.settings.tsa_url:
            raise Misconfigured("cli.no_tsa")
        with reading(given.database) as session:
            size = log_size(session)
        made = stamping.stamp(given, size) if size else None
    if made is None:
        say("cli.log_not_stamped", size=size)
    else:
        say("cli.log_stamped", size=size, time=shanghai(made).isoformat(timespec="seconds"))
    context.exit(0 if made else 1)


@group.command("succeed")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option(
    "--trust",
    required=True,
    type=click.Path(path_type=Path),
    help="A trust policy by which that checkpoint is believed, as one exported before.",
)
@click.option("--reason", required=True, help="Why the log gets another name; goes into the log.")
def follow(checkpoint: Path, trust: Path, reason: str) -> None:
    """Let the log go on under a new name.

    CHECKPOINT is the last one under the old name. For a key that others may hold, or where a new name is
    wanted: freeze the old signer, make the new one and let the settings name it first, as
    docs/key-runbook.md says. Every class stays whole, in one tree.
    """
    policy = _policy(trust)
    try:
        final = checkpoint.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise Misconfigured("cli.file_unreadable", file=checkpoint, reason=str(error)) from error
    with services() as given:
        signer = signer_of(given)
        succeed(given, signer, policy, final, reason)
        report = seal_all(given, signer)
    say("cli.log_succeeded", origin=signer.origin, size=report.size, vkey=signer.vkey)


@group.command("mirror")
@click.argument("url")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--trust",
    required=True,
    type=click.Path(path_type=Path),
    help="The log's trust policy (C2SP tlog-policy), from somewhere other than the log.",
)
@click.option("--entries", is_flag=True, help="Copy the entries, too; needs a grant.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    help="A header to send along, as 'Cookie: session=…' of a signed-in inspector.",
)
def copy(url: str, directory: Path, trust: Path, *, entries: bool, headers: tuple[str, ...]) -> None:
    """Copy the log served at URL into DIRECTORY.

    Checks every hash, also against what DIRECTORY holds already.
    URL is the log's prefix, as https://host/compliance/log. Needs no
    settings and no database.
    """
    pairs = [header.partition(":") for header in headers]
    source = Source(url, {name.strip(): value.strip() for name, _, value in pairs})
    done = mirror(source, directory, _policy(trust), entries=entries)
    say("cli.log_mirrored", size=done.size, before=done.before, fetched=done.fetched, directory=directory)


def _policy(path: Path) -> TrustPolicy:
    try:
        return TrustPolicy.parse(path.read_bytes())
    except (OSError, BadPolicy) as error:
        raise Misconfigured("cli.policy_unreadable", file=path, reason=str(error)) from error
