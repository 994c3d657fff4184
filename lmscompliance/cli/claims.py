"""``lmscompliance claims``: what a claim would come to, handing it in, the decision, the money, the files."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from lmscompliance.claims import board, lists, money, pack, projects, service, trials
from lmscompliance.claims.figures import yuan_of
from lmscompliance.claims.models import FACTS
from lmscompliance.cli.environment import services
from lmscompliance.cli.language import language
from lmscompliance.cli.lookup import class_id_of
from lmscompliance.cli.showing import bar, listed, say
from lmscompliance.documents import faults
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import shanghai
from lmscompliance.kernel.errors import FaultyRows
from lmscompliance.kernel.messages import text
from lmscompliance.rules.marking import plain
from lmscompliance.rules.subsidy import Project, Rates
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries

_CLASS = click.option("--class", "code", required=True, help="The class's code.")
_BY = click.option("--by", required=True, help="Who does it; kept as evidence.")


@click.group("claims")
def group() -> None:
    """Claim a class's subsidy, decide on it, and record the money."""


@group.command("preview", short_help="Say what a claim would come to.")
@_CLASS
@click.option("--suppose", help="Try another value of a parameter, such as subsidy.per_person=500.")
def preview(code: str, suppose: str | None) -> None:
    """Judge everybody and say what a claim would come to, and why people are not granted."""
    key, _, value = (suppose or "").partition("=")
    with services() as given, bar() as progress:
        class_id = class_id_of(given, code)
        trials.judge(given, class_id, key, value, lambda done, total: progress("judging", done, total))
        with reading(given.database) as session:
            shown = trials.kept(session, class_id)[bool(key)]
    if shown is None:
        return
    say("cli.claims_sums", people=shown.people, granted=shown.granted, yuan=plain(shown.yuan))
    for verdict, count in shown.reasons:
        click.echo(f"{count}  {verdict.message(language())} ({verdict.clause})")
    say("cli.claims_judged_at", entries=shown.entries, sha256=shown.sha256)


@group.command("list", short_help="Show a class's claims.")
@_CLASS
def list_(code: str) -> None:
    """Show a class's claims with their sums, decisions and money."""
    with services() as given:
        shown = board.board(given, class_id_of(given, code))
    for one in listed(shown.claims):
        claim = one.claim
        moment = shanghai(claim.submitted_at).strftime("%Y-%m-%d %H:%M:%S")
        state = text(f"claims.status_{claim.status}", language())
        click.echo(
            f"{claim.id}  {moment}  {state}  {claim.granted}/{claim.people}  {plain(claim.yuan)}  "
            f"{claim.reference}  {one.reason}".rstrip()
        )
        for payment, why in one.payments:
            kind = text(f"claims.kind_{payment.kind}", language())
            click.echo(f"    {kind}  {plain(payment.yuan)}  {payment.reference}  {why}".rstrip())


@group.command("project", short_help="Set the project's name, occupation and rates.")
@_CLASS
@click.option("--name", required=True, help="The project's name.")
@click.option("--occupation", default="", help="The occupation's code.")
@click.option("--level", type=click.IntRange(1, 5), help="The national level, 5 the lowest.")
@click.option("--online", help="Agreed yuan for each online class hour.")
@click.option("--offline", help="Agreed yuan for each offline class hour.")
@_BY
def project(
    *,
    code: str,
    name: str,
    occupation: str,
    level: int | None,
    online: str | None,
    offline: str | None,
    by: str,
) -> None:
    """Set what was agreed about the class's project."""
    agreed = Rates(yuan_of(online) if online else None, yuan_of(offline) if offline else None)
    with services() as given:
        class_id = class_id_of(given, code)
        with reading(given.database) as session:
            before = projects.project_of(session, class_id, queries.class_notice(session, class_id))
        kept = Project(name, occupation, level, agreed, before.overlap, before.overlap_per_person)
        projects.set_project(given, class_id, kept, by=by)
    say("cli.claims_project", code=code)


@group.command("import", short_help="Import a list about the class's trainees.")
@_CLASS
@click.option("--kind", required=True, type=click.Choice(FACTS), help="What the list says.")
@click.option("--name", default="", help="Which exclusion list it is, as the notice calls it.")
@_BY
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where every row that cannot be used is written as CSV, if there are any.",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(*, code: str, kind: str, name: str, by: str, report: Path | None, file: Path) -> None:
    """Import a list: paid months, an exclusion list, categories, earlier subsidies (xlsx, xls, ods, csv)."""
    with services() as given:
        try:
            done = lists.import_list(given, class_id_of(given, code), kind, file, by=by, name=name)
        except FaultyRows as error:
            if report is not None:
                report.write_bytes(faults.report(error, language()))
            raise
    say("cli.claims_imported", rows=done.rows, matched=done.matched)
    if done.doubtful:
        say("claims.list_doubtful", count=len(done.doubtful), rows=done.doubtful_rows)


@group.command("submit", short_help="Hand in a claim.")
@_CLASS
@click.option("--bank", required=True, help="The bank.")
@click.option("--holder", required=True, help="Whose account it is.")
@click.option("--account", required=True, help="The account's number.")
@click.option("--handler", required=True, help="Who handles the claim.")
@click.option("--responsible", required=True, help="Who answers for it.")
@_BY
def submit(
    *, code: str, bank: str, holder: str, account: str, handler: str, responsible: str, by: str
) -> None:
    """Hand in a claim for a closed class, within the notice's term."""
    payee = service.Payee(bank, holder, account, handler, responsible)
    with services() as given, bar() as progress:
        claim = service.submit(
            given,
            class_id_of(given, code),
            payee,
            by=by,
            progress=lambda done, total: progress("judging", done, total),
        )
    say("cli.claims_submitted", claim=claim)


@group.command("decide", short_help="Decide on a claim.")
@_CLASS
@click.option("--claim", required=True, help="The claim's id (see: claims list).")
@click.option("--reference", default="", help="The bureau's own number.")
@_BY
def decide(*, code: str, claim: str, reference: str, by: str) -> None:
    """Grant a claim as it is judged now."""
    with services() as given, bar() as progress:
        service.decide(
            given,
            class_id_of(given, code),
            claim,
            by=by,
            reference=reference,
            progress=lambda done, total: progress("judging", done, total),
        )
    say("cli.claims_decided", claim=claim)


@group.command("return", short_help="Return a claim to the enterprise.")
@_CLASS
@click.option("--claim", required=True, help="The claim's id.")
@click.option("--reason", required=True, help="Why; the enterprise reads it.")
@_BY
def return_(*, code: str, claim: str, reason: str, by: str) -> None:
    """Return a claim to the enterprise, which may then claim anew."""
    with services() as given:
        service.give_back(given, class_id_of(given, code), claim, by=by, reason=reason)
    say("cli.claims_returned", claim=claim)


@group.command("pay", short_help="Record a payment.")
@_CLASS
@click.option("--claim", required=True, help="The claim's id.")
@click.option("--yuan", required=True, help="How much was paid.")
@click.option("--reference", default="", help="The voucher's number.")
@_BY
def pay(*, code: str, claim: str, yuan: str, reference: str, by: str) -> None:
    """Record a payment; all of them never come to more than was granted."""
    with services() as given:
        money.pay(given, class_id_of(given, code), claim, yuan_of(yuan), by=by, reference=reference)
    say("cli.claims_paid", yuan=yuan)


@group.command("claw-back", short_help="Ask a trainee's subsidy back.")
@_CLASS
@click.option("--claim", required=True, help="The claim's id.")
@click.option("--number", "ordinal", required=True, type=int, help="The trainee's number on the roster.")
@click.option("--yuan", required=True, help="How much is asked back.")
@click.option("--reason", required=True, help="Why; kept as evidence.")
@_BY
def claw_back(*, code: str, claim: str, ordinal: int, yuan: str, reason: str, by: str) -> None:
    """Record that yuan are asked back of one trainee, at most what they were granted."""
    with services() as given:
        class_id = class_id_of(given, code)
        enrolment = money.enrolment_of(given, class_id, claim, ordinal)
        money.claw_back(given, class_id, claim, enrolment, yuan_of(yuan), by=by, reason=reason)
    say("cli.claims_clawed_back", yuan=yuan)


@group.command("pack", short_help="Write the claim pack, or the file for the online application.")
@_CLASS
@click.option("--claim", required=True, help="The claim's id.")
@click.option(
    "--file",
    type=click.Choice(list(pack.FILES)),
    default="workbook",
    show_default=True,
    help="The workbook, or the list for the online application.",
)
@click.option("--purpose", required=True, help="What for, and who gets it; everybody in it sees that.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Directory.")
def pack_(*, code: str, claim: str, file: str, purpose: str, out: Path) -> None:
    """Write a file of the claim pack. It shows numbers in full, so who took it what for is recorded."""
    with services() as given:
        by = Actor(f"cli/{getpass.getuser()}", Role.ADMINISTRATOR)
        name, data = pack.make(given, by, class_id_of(given, code), claim, file=file, purpose=purpose)
    out.mkdir(parents=True, exist_ok=True)
    # Under its final name only when it is whole.
    scratch = out / f".{name}.part"
    scratch.write_bytes(data)
    scratch.replace(out / name)
    say("cli.claims_pack", path=out / name)
