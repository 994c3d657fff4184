"""Keep timestamps of checkpoints, and which exports have one.

A new table and a column that may be empty; the previous release does not know them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLE = "compliance_evidence_timestamp"
SAYS = "is refused: the evidence log is append-only"
TAKEN = "(rowid = NEW.rowid) OR (log_id = NEW.log_id AND size = NEW.size AND number = NEW.number)"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stamped_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "size", "number", name=op.f("pk_compliance_evidence_timestamp")),
    )
    op.add_column("compliance_ledger_export", sa.Column("stamped_at", sa.BigInteger(), nullable=True))
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
    op.drop_column("compliance_ledger_export", "stamped_at")
    op.drop_table(TABLE)
