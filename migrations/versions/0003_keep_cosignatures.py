"""Keep the witnesses' cosignatures.

A new table only; the previous release does not know it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "compliance_evidence_cosignature"
SAYS = "is refused: the evidence log is append-only"
TAKEN = "(rowid = NEW.rowid) OR (log_id = NEW.log_id AND size = NEW.size AND witness = NEW.witness)"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(length=512), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "size", "witness", name=op.f("pk_compliance_evidence_cosignature")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for name, moment, row in (
            ("no_change", "UPDATE", "ROW"),
            ("no_delete", "DELETE", "ROW"),
            ("no_truncate", "TRUNCATE", "STATEMENT"),
        ):
            op.execute(
                f"CREATE TRIGGER {TABLE}_{name} BEFORE {moment} ON {TABLE} "
                f"FOR EACH {row} EXECUTE FUNCTION compliance_evidence_refuse()"
            )
            op.execute(f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_{name}")
        return
    for name, moment, when in (
        ("no_change", "UPDATE", ""),
        ("no_delete", "DELETE", ""),
        ("no_replace", "INSERT", f" WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE {TAKEN})"),  # noqa: S608  # our own names
    ):
        op.execute(
            f"CREATE TRIGGER {TABLE}_{name} BEFORE {moment} ON {TABLE}{when} "
            f"BEGIN SELECT RAISE(ABORT, '{moment} of {TABLE} {SAYS}'); END"
        )


def downgrade() -> None:
    op.drop_table(TABLE)
