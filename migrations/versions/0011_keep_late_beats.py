"""Keep when late beats arrived.

A column more, which the previous release leaves empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("compliance_segment", sa.Column("arrived_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("compliance_segment", "arrived_at")
