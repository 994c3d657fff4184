"""``lmscompliance ledger``: the learning ledger, for handing in."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import bar, listed, say
from lmscompliance.documents.layouts import FORMS
from lmscompliance.documents.pdf_signature import Key, sign
from lmscompliance.extension.signing import signer_of
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import SystemClock
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.messages import said, text
from lmscompliance.ledgers import comparing
from lmscompliance.ledgers.downloads import ENDINGS, handed_out
from lmscompliance.ledgers.evidence_files import pack
from lmscompliance.ledgers.models import FULL, PUBLIC
from lmscompliance.ledgers.service import export


@click.group("ledger")
def group() -> None:
    """Export a class's learning ledger."""


@group.command("export", short_help="Export workbook, evidence bundle and trust file.")
@click.option("--class", "code", required=True, help="The class's code.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory for the workbook, the evidence bundle and the trust file.",
)
@click.option("--purpose", help="What for, and who gets it; everybody in the ledger sees that.")
@click.option("--pdf/--no-pdf", default=True, help="Whether to make the archive copy as PDF/A, too.")
@click.option(
    "--public",
    is_flag=True,
    help="A masked workbook for public lists, and a bundle without anybody's data for public mirrors.",
)
@click.option(
    "--files",
    is_flag=True,
    help="Pack the files that the bundle names by digest (proofs, stamped documents, sign-in sheets) "
    "as a ZIP beside it.",
)
def export_(code: str, out: Path, purpose: str | None, *, pdf: bool, public: bool, files: bool) -> None:
    """Export workbook, evidence bundle and trust file; what was recorded so far is sealed first.

    Interrupted, it leaves no half file; repeated on an unchanged class, it gives the same workbook. That
    full details were handed out is recorded with the user of this machine.
    """
    if public and files:
        raise click.UsageError(text("cli.public_files", language()))
    with services() as given, bar() as progress:
        class_id = class_id_of(given, code)
        by = Actor(f"cli/{getpass.getuser()}", Role.ADMINISTRATOR)
        if not public:
            said = purpose or text("cli.ledger_purpose", language())
            handed_out(given, by, class_id, purpose=said)
        signer, form = signer_of(given), PUBLIC if public else FULL
        done = export(given, signer, class_id, out, progress, pdf=pdf and not public, form=form)
        if files:
            stem = done.bundle.name.removesuffix(ENDINGS["bundle"])
            packed = done.bundle.with_name(f"{stem}{ENDINGS['files']}")
            count = pack(given, done.bundle, packed, progress)
    said = (
        "ledger_exported_public" if public else "ledger_exported" if done.pdf else "ledger_exported_without"
    )
    say(f"cli.{said}", workbook=done.workbook, pdf=done.pdf, bundle=done.bundle, trust=done.trust)
    if files:
        say("cli.ledger_files", files=packed, count=count)


@group.command("compare", short_help="Write a table of the class's people for comparison with the bureau's.")
@click.option("--class", "code", required=True, help="The class's code.")
@click.option("--layout", required=True, help="The layout's id; `ledger layouts` lists them.")
@click.option("--form", type=click.Choice(FORMS), help="How to write a separated table.")
@click.option("--purpose", required=True, help="What for, and who gets it; everybody in the table sees that.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory for the table; made if it is missing.",
)
def compare(code: str, layout: str, form: str | None, purpose: str, out: Path) -> None:
    """Write a table of the class's people for comparison with the bureau's own, or of their certificates.

    Who got it is recorded. It holds full numbers and is readable for this user alone. An existing file is
    not replaced.
    """
    with services() as given:
        by = Actor(f"cli/{getpass.getuser()}", Role.ADMINISTRATOR)
        class_id = class_id_of(given, code)
        path = out / comparing.file_name(given, code, layout, form or "")
        # Asked before anything is recorded: what was not written was handed to nobody.
        if path.exists():
            raise InvalidInput("cli.file_exists", file=path)
        out.mkdir(parents=True, exist_ok=True)
        _, data = comparing.table(given, by, class_id, layout, form=form or "", purpose=purpose)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    click.echo(path)


@group.command("layouts")
def layouts() -> None:
    """List the layouts of tables for the bureau."""
    with services() as given:
        for one in listed(comparing.known(given).values()):
            columns = said([each.name for each in one.fields], language())
            click.echo(f"{one.id}\t{one.kind}\t{one.title}\t{columns}")


@group.command("sign", short_help="Sign a PDF with a PKCS#12 key file.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    "key_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The key file (.p12, .pfx).",
)
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the key's password; without it the password is asked for.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the signed file goes.")
@click.option("--tsa", help="The timestamping authority; otherwise COMPLIANCE_TSA_URL, if that is set.")
@click.option("--reason", default="", help="Why it is signed; stands in the signature.")
def sign_(
    file: Path, *, key_file: Path, password_file: Path | None, out: Path | None, tsa: str | None, reason: str
) -> None:
    """Sign FILE, an archive copy or another PDF, after PAdES; earlier signatures keep holding.

    Works without a database. The password never appears on the command line.
    """
    if password_file is None:
        password = click.prompt(text("cli.key_password", language()), hide_input=True, err=True)
    else:
        password = password_file.read_text(encoding="utf-8").rstrip("\r\n")
    authority = os.environ.get("COMPLIANCE_TSA_URL", "") if tsa is None else tsa
    now = SystemClock().now()
    made = sign(
        file.read_bytes(), Key(key_file.read_bytes(), password), now, tsa_url=authority, reason=reason
    )
    target = out or file.with_name(f"{file.stem.removesuffix('.signed')}.signed.pdf")
    aside = target.with_name(f".{target.name}.part")
    aside.write_bytes(made.pdf)
    aside.replace(target)
    stamped = text("cli.signed_with_time" if made.stamped else "cli.signed_without_time", language())
    say("cli.ledger_signed", file=target, signer=made.signer, stamped=stamped)
