"""The secret of an installation, with which digests of holders are keyed

The service keys those that are stored when it first starts on this revision: the secret may be one of its settings.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("secret", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )
