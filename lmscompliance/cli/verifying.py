"""``lmscompliance verify`` and ``verify-receipt``: an auditor's commands, made of the verifier alone."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lmscompliance.cli.language import language
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.messages import text
from lmscompliance.rules.sampling import drawn
from lmscompliance.verifier import Verdict, said, to_json, verify_file, verify_receipt

_VALID = (Verdict.VALID, Verdict.VALID_WITH_FINDINGS)


@click.command("verify")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--trust",
    type=click.Path(path_type=Path),
    help="The log's trust policy (C2SP tlog-policy), from somewhere other than the bundle. Without it "
    "nothing can be vouched for.",
)
@click.option(
    "--workbook",
    type=click.Path(path_type=Path),
    help="A workbook from elsewhere, such as one received by mail, to be compared with the evidence "
    "cell by cell.",
)
@click.option(
    "--files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A folder or a ZIP of evidence files (proofs, stamped documents, sign-in sheets), to be compared "
    "with the digests in the entries; may be repeated.",
)
@click.option("--sample", type=click.IntRange(min=1), help="Draw so many trainees to look at more closely.")
@click.option("--seed", help="What they are drawn by; whoever repeats it draws the same.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.pass_context
def verify(
    context: click.Context,
    bundle: Path,
    *,
    trust: Path | None,
    workbook: Path | None,
    files: tuple[Path, ...],
    sample: int | None,
    seed: str | None,
    as_json: bool,
) -> None:
    """Verify an evidence bundle offline, or one person's file (my-data.zip).

    A sample is drawn from a bundle that is valid, by --sample and --seed together.

    Exit code: 0 valid, 1 invalid, 2 unverifiable (or a wrong call), 3 valid with findings.
    """
    if (sample is None) != (not seed):
        raise click.UsageError(text("cli.sample_half", language()))
    report = verify_file(bundle, _read(trust), workbook, files).report
    numbers: list[int] | None = None
    if sample is not None and seed and report.verdict in _VALID:
        numbers = drawn(report.trainees, sample, seed)
    if as_json:
        sampled = {} if numbers is None else {"sample": {"seed": seed, "trainees": numbers}}
        click.echo(json.dumps({**report.to_json(), **sampled}, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(report.lines(language())))
        if numbers is not None:
            count, of = len(numbers), len(report.trainees)
            click.echo(text("cli.sample", language(), seed=seed, count=count, of=of, listed=numbers))
    context.exit(int(report.verdict.exit))


@click.command("verify-receipt")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--trust",
    type=click.Path(path_type=Path),
    help="The log's trust policy (C2SP tlog-policy), from somewhere other than the receipt. Without it "
    "nothing can be vouched for.",
)
@click.option(
    "--leaf", type=click.Path(path_type=Path), help="The entry's exact text, if the receipt has none."
)
@click.option(
    "--document",
    type=click.Path(path_type=Path),
    help="The file that the receipt is of, such as a certificate: its digest is compared.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.pass_context
def receipt(
    context: click.Context,
    file: Path,
    *,
    trust: Path | None,
    leaf: Path | None,
    document: Path | None,
    as_json: bool,
) -> None:
    """Verify a receipt offline.

    FILE is a .tlog-proof as the exam's result page and the ledger page hand out. Prints what the entry says.

    Exit code: 0 valid, 1 invalid, 2 unverifiable (or a wrong call).
    """
    found = verify_receipt(
        _file(file),
        _read(trust),
        None if leaf is None else _file(leaf),
        None if document is None else _file(document),
    )
    if as_json:
        click.echo(json.dumps(to_json(found), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(found.report.lines(language())))
        click.echo(json.dumps(said(found), ensure_ascii=False, indent=2))
    context.exit(int(found.report.verdict.exit))


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misconfigured("cli.file_unreadable", file=path, reason=error.strerror) from error


def _read(trust: Path | None) -> bytes | None:
    if trust is None:
        return None
    try:
        return trust.read_bytes()
    except OSError as error:
        raise Misconfigured("cli.trust_unreadable", file=trust) from error
