"""Find the quizzes taken of a class."""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("compliance_taken_quiz") as table:
        table.create_index(op.f("ix_compliance_taken_quiz_class_id"), ["class_id"])


def downgrade() -> None:
    with op.batch_alter_table("compliance_taken_quiz") as table:
        table.drop_index(op.f("ix_compliance_taken_quiz_class_id"))
