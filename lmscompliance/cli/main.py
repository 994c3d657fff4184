"""The command group: loads verbs lazily and turns our errors into one clear line."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, cast

import click

from lmscompliance.cli.helping import chinese, explained_in
from lmscompliance.cli.language import language
from lmscompliance.cli.mistakes import explained
from lmscompliance.kernel.errors import ComplianceError, Misconfigured
from lmscompliance.kernel.messages import show_anything

VERBS = {
    "accounts": "lmscompliance.cli.accounts:group",
    "claims": "lmscompliance.cli.claims:group",
    "certificates": "lmscompliance.cli.certificates:group",
    "class": "lmscompliance.cli.classes:group",
    "content": "lmscompliance.cli.content:group",
    "credit": "lmscompliance.cli.credit:group",
    "db": "lmscompliance.cli.database:group",
    "demo": "lmscompliance.cli.demo:command",
    "exam": "lmscompliance.cli.exams:group",
    "quiz": "lmscompliance.cli.quizzes:group",
    "files": "lmscompliance.cli.files:group",
    "filing": "lmscompliance.cli.filing:group",
    "identity": "lmscompliance.cli.identity:group",
    "keys": "lmscompliance.cli.keys:group",
    "ledger": "lmscompliance.cli.ledgers:group",
    "log": "lmscompliance.cli.log:group",
    "plan": "lmscompliance.cli.plans:group",
    "policy": "lmscompliance.cli.policies:group",
    "project": "lmscompliance.cli.projects:group",
    "questions": "lmscompliance.cli.questions:group",
    "records": "lmscompliance.cli.records:group",
    "retention": "lmscompliance.cli.retention:group",
    "roster": "lmscompliance.cli.rosters:group",
    "seal": "lmscompliance.cli.sealing:seal",
    "serve": "lmscompliance.cli.serving:command",
    "signer": "lmscompliance.cli.signer:group",
    "verifier": "lmscompliance.cli.portable:group",
    "verify": "lmscompliance.cli.verifying:verify",
    "verify-receipt": "lmscompliance.cli.verifying:receipt",
    "witness": "lmscompliance.cli.witness:witness",
}

HELP = {
    "accounts": "Say who may sign in to a service of its own.",
    "claims": "Claim a class's subsidy, and record the money.",
    "certificates": "Issue, list and revoke certificates of trainees who passed.",
    "class": "File, approve and list training classes.",
    "content": "Freeze lessons' content and check it.",
    "credit": "Correct credited time, and answer objections.",
    "db": "Bring the database schema up to date, or check it.",
    "demo": "Serve the demo platform, or play a month without a browser.",
    "exam": "Publish a class's exam.",
    "quiz": "Set quizzes within lessons.",
    "files": "Look after the uploaded files that are kept.",
    "filing": "Prepare a class's filing, hand it in, keep the answer.",
    "identity": "Settle cases of identity and verifications.",
    "keys": "Change the keys that personal values are encrypted with.",
    "ledger": "Export a class's learning ledger.",
    "log": "Re-check the evidence log, or mirror one.",
    "plan": "Import a class's teaching plan.",
    "policy": "List, show and check notices.",
    "project": "Keep what a project's filing rests on.",
    "questions": "Check and import question banks.",
    "records": "Import learning that another system recorded.",
    "retention": "Keep what must be kept, and destroy what is due.",
    "roster": "Check and import rosters.",
    "seal": "Seal what was recorded into the evidence log, now.",
    "serve": "Serve the product with accounts of its own.",
    "signer": "Keep the evidence log's key apart from the platform.",
    "verifier": "Hand out the verifier as one file.",
    "verify": "Verify an evidence bundle offline.",
    "verify-receipt": "Verify a receipt offline.",
    "witness": "Run a witness of other people's evidence logs.",
}

REFUSED = 1
MISUSED = 2


class Verbs(click.Group):
    """A group whose members are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs' names."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the verb ``cmd_name``, if there is one."""
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return explained_in(language(), command, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing any."""
        chosen = chinese() if language() == "zh_CN" else {}
        rows = [(name, chosen.get(name, {}).get("help", HELP[name])) for name in sorted(VERBS)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, about.strip().partition("\n")[0]) for name, about in rows])

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the command line up to the verb."""
        with explained(chinese=language() == "zh_CN"):
            return super().make_context(*args, **extra)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run in the language of the terminal."""
        show_anything()
        told = explained_in(language(), self)
        return super(Verbs, cast(Verbs, told)).main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; an error of ours becomes one line on standard error and an exit code."""
        try:
            with explained(chinese=language() == "zh_CN"):
                return super().invoke(ctx)
        except ComplianceError as error:
            click.echo(error.message(language()), err=True)
            ctx.exit(MISUSED if isinstance(error, Misconfigured) else REFUSED)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Directory of keys, database and exports; stands above COMPLIANCE_DATA_DIR.",
)
@click.version_option(package_name="lmscompliance")
@click.pass_context
def main(ctx: click.Context, data_dir: Path | None) -> None:
    """Training-subsidy compliance: run a class, keep its evidence, export and verify its ledger.

    Settings come from COMPLIANCE_* environment variables (docs/configuration.md).
    """
    ctx.obj = data_dir
