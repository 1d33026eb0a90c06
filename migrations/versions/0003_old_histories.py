"""An index by which the last crossing of a subject in a state is found, however long ago it was

The definitions here are this revision's own and stay as they are when those of the application change.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_crossing_subjects_key_state_direction_occurred_at",
        "crossing_subjects",
        ["key", "state", "direction", "occurred_at"],
    )
