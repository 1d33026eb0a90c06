"""What crossings are found by: words of names, numbers of papers, plates

The definitions here are this revision's own and stay as they are when those of the application change. Crossings stored
before have no terms until `gerege reindex` has made them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_terms",
        sa.Column("term", sa.String(64), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("crossing", sa.String(36), nullable=False),
        sa.Column("position", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("subject_key", sa.String(200)),
        sa.Column("jurisdiction", sa.String(8), nullable=False),
        sa.Column("checkpoint", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("term", "what", "crossing", "position", name="pk_search_terms"),
        sa.ForeignKeyConstraint(["crossing"], ["crossings.id"], name="fk_search_terms_crossing"),
    )
    op.create_index("ix_search_terms_crossing", "search_terms", ["crossing"])
    op.create_table(
        "spellings",
        sa.Column("word", sa.String(64), nullable=False),
        sa.Column("neighbour", sa.String(12), nullable=False),
        sa.PrimaryKeyConstraint("word", "neighbour", name="pk_spellings"),
    )
    op.create_index("ix_spellings_neighbour_word", "spellings", ["neighbour", "word"])
