"""All tables, as the code sees them; `migrations/` makes them, and a test holds the two equal.

Names of persons and organisations are nowhere but in a crossing's body, and, of crossings that officers work on, in
search_terms. Identifiers made here are UUIDv7 as text, so that they can be assigned before the insert and sort by time.

What a crossing fills, its body and what was decided on it, is partitioned on PostgreSQL by the crossing's identifier,
and so by the month in which it was received (`partitions.py`). Every query of these tables names the crossings it is
about, so that it looks into their months alone.

The tables whose narrow rows are found over all time (by event, key, checkpoint, voyage, or an officer's filters) are
whole: each month would be one more look into an index for every event and page. Measured with 120 months instead of one
table: a page of violations 0.39 ms instead of 0.21, joined with its crossings 0.93 instead of 0.28, the day at a
checkpoint 1.40 instead of 0.18.

Partitioned tables have no foreign keys, to them or from them: to add a month would lock the tables referred to against
writers, and none could be taken off again. Their rows come with their crossing, in one transaction.
"""

from enum import StrEnum
from typing import TypeVar

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.storage.types import CompressedJson, Instant, Ranked
from app.vocabulary.codes import (
    Advice,
    Direction,
    Mode,
    Outcome,
    Regime,
    Sought,
    SubjectKind,
    Verdict,
    ViolationStatus,
)

_E = TypeVar("_E", bound=StrEnum)
_BY_CROSSING = "RANGE (crossing)"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _code(codes: type[_E]) -> Enum:
    """Text of at most 32 characters, read back as a member of `codes`; the database keeps no list of its own."""
    return Enum(codes, native_enum=False, length=32, values_callable=lambda members: [m.value for m in members])


def _id() -> Column[str]:
    return Column("id", String(36), primary_key=True)


rulebooks = Table(
    "rulebooks",
    metadata,
    Column("digest", String(80), primary_key=True),
    Column("sources", CompressedJson, nullable=False),
    Column("created_at", Instant, nullable=False),
)

# The rulebook in force is that of the highest id.
activations = Table(
    "activations",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("rulebook", ForeignKey(rulebooks.c.digest), nullable=False),
    Column("activated_at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("reason", Text, nullable=False),
)

credentials = Table(
    "credentials",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("role", String(32), nullable=False),
    Column("sources", JSON, nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
)

crossings = Table(
    "crossings",
    metadata,
    _id(),
    Column("source", String(100), nullable=False),
    Column("event_id", String(100), nullable=False),
    Column("body_digest", String(64), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("received_by", ForeignKey(credentials.c.id), nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("local_date", Date, nullable=False),
    Column("checkpoint", String(64), nullable=False),
    Column("jurisdiction", String(8), nullable=False),
    Column("direction", _code(Direction), nullable=False),
    Column("mode", _code(Mode), nullable=False),
    Column("voyage", String(64)),
    Column("vehicles", SmallInteger, nullable=False),
    Column("persons", SmallInteger, nullable=False),
    # Of one that was corrected or withdrawn, every revision is in crossing_revisions too, this one included.
    Column("revision", SmallInteger, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    UniqueConstraint("source", "event_id"),
    Index(None, "checkpoint", "local_date", "occurred_at"),
    Index(None, "voyage", "local_date"),
)

# The event as it is now: as received, or as corrected since.
crossing_bodies = Table(
    "crossing_bodies",
    metadata,
    Column("crossing", String(36), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    postgresql_partition_by=_BY_CROSSING,
)

# The revisions of crossings that were corrected or withdrawn, the first included; `subjects` are those it named.
crossing_revisions = Table(
    "crossing_revisions",
    metadata,
    Column("crossing", ForeignKey(crossings.c.id), primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    Column("body_digest", String(64), nullable=False),
    Column("known_from", Instant, nullable=False),
    Column("known_by", ForeignKey(credentials.c.id), nullable=False),
    Column("reason", Text),
    Column("withdrawn", Boolean, nullable=False),
    Column("subjects", JSON, nullable=False),
)

crossing_subjects = Table(
    "crossing_subjects",
    metadata,
    Column("crossing", ForeignKey(crossings.c.id), primary_key=True),
    Column("kind", _code(SubjectKind), primary_key=True),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("key", String(200)),
    Column("role", String(32)),
    Column("country", String(3)),
    # What later crossings of the same subject need to know of this one, so that its history is read from one index.
    Column("occurred_at", Instant, nullable=False),
    Column("direction", String(32), nullable=False),
    Column("checkpoint", String(64), nullable=False),
    Column("basis", String(32), nullable=False),
    Column("local_date", Date, nullable=False),
    Column("state", String(3), nullable=False),
    Column("holder", String(32)),
    Column("issued_on", Date),
    Index(None, "key", "occurred_at"),
    # The last entry, exit or presence in a state before an instant, however long ago.
    Index(None, "key", "state", "direction", "occurred_at"),
    Index(None, "holder", "key"),
)

# Statements that two keys name the same person or company, or (`same` false) that they do not.
same_subject = Table(
    "same_subject",
    metadata,
    _id(),
    Column("one", String(200), nullable=False, index=True),
    Column("other", String(200), nullable=False, index=True),
    Column("same", Boolean, nullable=False),
    Column("ground", String(32), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", String(200)),
    Column("end_reason", Text),
)

# Crossings that must be judged again, because what their subjects' history says has changed.
due = Table(
    "due",
    metadata,
    Column("crossing", ForeignKey(crossings.c.id), primary_key=True),
    Column("occurred_at", Instant, nullable=False, index=True),
    Column("since", Instant, nullable=False, index=True),
    Column("cause", String(32), nullable=False),
    Column("caused_by", String(36)),
    # What kept it from being judged again: it is set aside, so that others can be, until a service starts.
    Column("fault", String(200)),
)

decisions = Table(
    "decisions",
    metadata,
    Column("crossing", String(36), primary_key=True),
    _id(),
    Column("rulebook", String(80), nullable=False),
    Column("evaluated_at", Instant, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("advice", _code(Advice)),
    Column("answer", LargeBinary, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("compliant", JSON, nullable=False),
    # Of all on the crossing, the one with the highest number counts: clocks go back, and are shared by many servers.
    Column("number", Integer, nullable=False),
    Column("revision", SmallInteger, nullable=False),
    Column("cause", String(32), nullable=False),
    # The crossing or link that made it necessary to judge again.
    Column("caused_by", String(36)),
    postgresql_partition_by=_BY_CROSSING,
)

findings = Table(
    "findings",
    metadata,
    Column("crossing", String(36), primary_key=True),
    Column("decision", String(36), primary_key=True),
    Column("rule", String(100), primary_key=True),
    Column("subject_kind", _code(SubjectKind), primary_key=True),
    Column("subject_position", SmallInteger, primary_key=True, autoincrement=False),
    Column("id", String(36), nullable=False),
    Column("version", String(10), nullable=False),
    Column("verdict", _code(Verdict), nullable=False),
    Column("severity", Ranked, nullable=False),
    Column("shadow", Boolean, nullable=False),
    Column("missing", JSON, nullable=False),
    Column("explanation", JSON, nullable=False),
    # The newest of those undetermined.
    Index(None, "verdict", "id"),
    postgresql_partition_by=_BY_CROSSING,
)

violations = Table(
    "violations",
    metadata,
    _id(),
    Column("finding", String(36), nullable=False, unique=True),
    Column("crossing", ForeignKey(crossings.c.id), nullable=False, index=True),
    # The crossing's, here too so that a text is looked for in one table, and on PostgreSQL in one index of all of it.
    Column("event_id", String(100), nullable=False),
    Column("rule", String(100), nullable=False),
    Column("version", String(10), nullable=False),
    Column("regime", _code(Regime), nullable=False),
    Column("jurisdiction", String(8), nullable=False),
    Column("severity", Ranked, nullable=False),
    Column("advice", _code(Advice), nullable=False),
    Column("checkpoint", String(64), nullable=False),
    # The checkpoint's, as it was found: a corrected crossing may be in another since.
    Column("state", String(8), nullable=False),
    Column("direction", _code(Direction), nullable=False),
    Column("mode", _code(Mode), nullable=False),
    Column("subject_kind", _code(SubjectKind), nullable=False),
    Column("subject_position", SmallInteger, nullable=False),
    Column("subject_key", String(200)),
    Column("status", _code(ViolationStatus), nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("local_date", Date, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("needs_review", Boolean, nullable=False),
    Column("outcome", _code(Outcome)),
    # Users: who has it in hand, and who decided last.
    Column("assignee", String(36)),
    Column("decided_by", String(36)),
    # What stands in its place since the crossing was judged again.
    Column("successor", String(36)),
    # The number of the record (protocol) it was closed with.
    Column("protocol", String(64), index=True),
    # The most urgent ones to take next: gravest, then oldest.
    Index("ix_violations_urgent", "status", "severity", "occurred_at", "id"),
    # How many there are of each status, for who works at one checkpoint.
    Index(None, "checkpoint", "status"),
    # Those that are late.
    Index("ix_violations_due", "status", "severity", "created_at"),
    Index(None, "assignee", "occurred_at", "id"),
    Index(None, "occurred_at", "id"),
    Index(None, "updated_at", "id"),
    # A filter's index ends in the default order, so that a page is read from it without sorting.
    *(
        Index(None, column, "occurred_at", "id")
        for column in (
            "status",
            "rule",
            "regime",
            "jurisdiction",
            "severity",
            "checkpoint",
            "subject_kind",
            "subject_key",
        )
    ),
)

# Few are, and those are to be found among all.
_REVIEWED = violations.c.needs_review.is_(True)
Index(
    "ix_violations_needs_review",
    violations.c.occurred_at,
    violations.c.id,
    sqlite_where=_REVIEWED,
    postgresql_where=_REVIEWED,
)

# All that was done on a violation, in the order of `number`; before the first its status is open. `detail` is what the
# action brings along: a ground, a measure, the day a reply is due by.
violation_changes = Table(
    "violation_changes",
    metadata,
    Column("violation", ForeignKey(violations.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(32), nullable=False),
    Column("status", _code(ViolationStatus), nullable=False),
    Column("needs_review", Boolean, nullable=False),
    Column("outcome", _code(Outcome)),
    Column("assignee", String(36)),
    Column("decided_by", String(36)),
    Column("reason", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    # The decision that brought it about, and the violation of the same rule and subject that stands in its place.
    Column("decision", String(36)),
    Column("successor", ForeignKey(violations.c.id)),
)

attachments = Table(
    "attachments",
    metadata,
    _id(),
    Column("violation", ForeignKey(violations.c.id), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# While one lasts, new violations of the rule by the subject are left out of the queue; they are found and kept.
snoozes = Table(
    "snoozes",
    metadata,
    _id(),
    Column("rule", String(100), nullable=False),
    Column("subject_key", String(200), nullable=False),
    Column("until", Instant, nullable=False),
    Column("ground", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(36), nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", String(36)),
    Index(None, "subject_key", "rule"),
)

# Other systems that are told when violations are found or change. Of an empty list of jurisdictions or rules, all are
# told of; the secret signs what is sent.
webhooks = Table(
    "webhooks",
    metadata,
    _id(),
    Column("url", String(2000), nullable=False),
    Column("secret", String(100), nullable=False),
    Column("jurisdictions", JSON, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(200), nullable=False),
    Column("removed_at", Instant),
)

# What is to be sent, or was: `number` is that of the violation's change, 0 of its being found. `due_at` is when it may
# be tried next; while it is being tried that lies so far ahead that nobody else takes it.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    _id(),
    Column("webhook", ForeignKey(webhooks.c.id), nullable=False),
    Column("violation", ForeignKey(violations.c.id), nullable=False),
    Column("number", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("state", String(32), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    # Of the last attempt: the status that was answered, or what kept it from being answered.
    Column("answered", SmallInteger),
    Column("fault", String(200)),
    Column("ended_at", Instant),
    Index(None, "webhook", "id"),
    Index(None, "webhook", "state", "due_at"),
    Index(None, "webhook", "violation", "number"),
    Index(None, "ended_at"),
)

# What crossings are found by: words of names, numbers of papers, plates. Only of those that have something for officers
# to work on, a violation that stands or an undetermined finding: of all others no name is kept in a form that can be
# searched. Positions of what is no subject are 0; so that a remit is met without reading it, the place comes along.
search_terms = Table(
    "search_terms",
    metadata,
    Column("term", String(64), primary_key=True),
    Column("what", _code(Sought), primary_key=True),
    Column("crossing", ForeignKey(crossings.c.id), primary_key=True, index=True),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("subject_key", String(200)),
    Column("jurisdiction", String(8), nullable=False),
    Column("checkpoint", String(64), nullable=False),
)

# Words that names are made of, under each misspelling's key (`vocabulary.spelling.neighbours`). They stay when a
# crossing goes: a word says of nobody that it is a name of theirs.
spellings = Table(
    "spellings",
    metadata,
    Column("word", String(64), primary_key=True),
    Column("neighbour", String(12), primary_key=True),
    Index(None, "neighbour", "word"),
)

# Credentials of people, who have a password in place of a key. Of an empty list of jurisdictions (states of
# checkpoints) or checkpoints, all are in the remit.
users = Table(
    "users",
    metadata,
    Column("id", ForeignKey(credentials.c.id), primary_key=True),
    Column("login", String(100), nullable=False, unique=True),
    Column("language", String(8), nullable=False),
    Column("jurisdictions", JSON, nullable=False),
    Column("checkpoints", JSON, nullable=False),
    Column("password_hash", String(200), nullable=False),
)

# Wrong passwords since the last right one, and until when no further one is looked at: of a user, or of one of a few
# numbers for logins that nobody has, from an address (of IPv6, a network).
failed_sign_ins = Table(
    "failed_sign_ins",
    metadata,
    Column("counted", String(16), primary_key=True),
    Column("address", String(64), primary_key=True),
    Column("failures", SmallInteger, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("locked_until", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user", ForeignKey(users.c.id), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

# Who changed what about persons and companies, each entry bound to the one before by its hash.
audit_log = Table(
    "audit_log",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object", String(200), nullable=False, index=True),
    Column("detail", JSON, nullable=False),
    Column("hash", String(64), nullable=False),
)

manifests = Table(
    "manifests",
    metadata,
    _id(),
    Column("source", String(100), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("body_digest", String(64), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("received_by", ForeignKey(credentials.c.id), nullable=False),
    UniqueConstraint("source", "body_digest"),
)

# What a list says of one leg of a voyage; times are local to the place, without a zone, as the message gives them.
manifest_voyages = Table(
    "manifest_voyages",
    metadata,
    Column("manifest", ForeignKey(manifests.c.id), primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("voyage", String(64), nullable=False),
    Column("departure_day", Date, nullable=False),
    Column("arrival_day", Date, nullable=False),
    Column("function", String(32), nullable=False),
    Column("departure_place", String(5)),
    Column("departure_local", DateTime),
    Column("arrival_place", String(5)),
    Column("arrival_local", DateTime),
    Column("prepared_at", DateTime),
    Column("reference", String(512), nullable=False),
    Column("part", Integer, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("persons", SmallInteger),
    Column("crew", SmallInteger, nullable=False),
    Column("documents", JSON, nullable=False),
    Index(None, "voyage", "departure_day"),
    Index(None, "voyage", "arrival_day"),
)

differences = Table(
    "differences",
    metadata,
    Column("crossing", String(36), primary_key=True),
    _id(),
    Column("decision", String(36), nullable=False),
    Column("rule", String(100), nullable=False),
    Column("subject_kind", _code(SubjectKind), nullable=False),
    Column("subject_position", SmallInteger, nullable=False),
    Column("backend", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("verdict", _code(Verdict), nullable=False),
    Column("at", Instant, nullable=False),
    postgresql_partition_by=_BY_CROSSING,
)
