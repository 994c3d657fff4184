"""``lmscompliance certificates``: issue, list, revoke, and write them as files."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from lmscompliance.certificates import issuing, reading, revoking
from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import bar, listed, note, say
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import shanghai_text
from lmscompliance.kernel.errors import NotFound
from lmscompliance.kernel.messages import text
from lmscompliance.services import Services

_CLASS = click.option("--class", "code", required=True, help="The class's code.")


@click.group("certificates")
def group() -> None:
    """Certificates of trainees who passed."""


@group.command("issue", short_help="Issue to everybody of a class who passed.")
@_CLASS
def issue(code: str) -> None:
    """Issue to everybody who passed and never had one; needs COMPLIANCE_PUBLIC_URL.

    Stopped in the middle, it goes on with the others when it is called again.
    """
    with services() as given, bar() as told:
        class_id = class_id_of(given, code)
        done = issuing.issue_all(
            given,
            _actor(),
            class_id,
            progress=lambda done, total: told("certificates", done, total),
        )
    for ordinal, why in done.refused:
        note("certificates.refused", ordinal=ordinal, why=why.message(language()))
    say("certificates.issued", count=len(done.numbers))


@group.command("list", short_help="List a class's certificates.")
@_CLASS
@click.option(
    "--state", type=click.Choice(reading.STATES), help="Only those that hold, or only revoked ones."
)
def list_(code: str, state: str | None) -> None:
    """List the class's certificates: number, name, when issued, and whether they hold."""
    with services() as given:
        for one in listed(reading.of_class(given, class_id_of(given, code), state or "")):
            say(
                "cli.certificate_line",
                number=one.number,
                name=one.name or "—",
                at=shanghai_text(one.issued_at),
                state=text("certificates.revoked" if one.revoked_at else "certificates.valid", language()),
                reason=one.reason,
            )


@group.command("revoke", short_help="Revoke a certificate.")
@_CLASS
@click.argument("number")
@click.option("--reason", required=True, help="Why; shown to whoever checks the certificate.")
def revoke(code: str, number: str, reason: str) -> None:
    """Revoke the certificate NUMBER; it stays, and says from then on that it does not hold."""
    with services() as given:
        class_id = class_id_of(given, code)
        revoking.revoke(given, _actor(), class_id, _id_of(given, class_id, number), reason)
    say("cli.certificate_revoked", number=number)


@group.command("reissue", short_help="Issue another one in the place of a revoked one.")
@_CLASS
@click.argument("number")
def reissue(code: str, number: str) -> None:
    """Issue another certificate in the place of the revoked NUMBER, with the details as they are now."""
    with services() as given:
        class_id = class_id_of(given, code)
        new = issuing.reissue(given, _actor(), class_id, _id_of(given, class_id, number))
    say("cli.certificate_reissued", number=new, replaced=number)


@group.command("pdf", short_help="Write a class's certificates as PDF files.")
@_CLASS
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory for the files.",
)
@click.option("--number", help="Only this one.")
@click.option("--purpose", required=True, help="What for, and who gets them; their holders see that.")
def pdf(code: str, out: Path, number: str | None, purpose: str) -> None:
    """Write the certificates as they were issued; revoked ones only by their number."""
    with services() as given:
        class_id = class_id_of(given, code)
        found = [one for one in reading.of_class(given, class_id) if one.content is not None]
        if number is not None:
            found = [one for one in found if one.id == _id_of(given, class_id, number)]
        else:
            found = [one for one in found if one.revoked_at is None]
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        for one in found:
            _, data = reading.document(given, _actor(), class_id, one.id, purpose)
            (out / f"{one.number}.pdf").write_bytes(data)
    say("cli.certificates_written", count=len(found), out=out)


def _id_of(given: Services, class_id: str, number: str) -> str:
    for one in reading.of_class(given, class_id):
        if one.number == number:
            return one.id
    raise NotFound("certificates.unknown")


def _actor() -> Actor:
    return Actor(f"cli/{getpass.getuser()}", Role.ADMINISTRATOR)
