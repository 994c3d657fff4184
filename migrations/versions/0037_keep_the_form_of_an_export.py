"""Keep the form of an export."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("compliance_ledger_export", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("form", sa.String(length=8), server_default=sa.text("'full'"), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("compliance_ledger_export", schema=None) as batch_op:
        batch_op.drop_column("form")
