"""Models of what the API answers, for the OpenAPI document and for checking what is read back from the database."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from app.crossings.links import Ground
from app.crossings.records import Cause
from app.violations.webhooks import DeliveryState
from app.violations.workflow import Action
from app.vocabulary.codes import (
    Advice,
    Direction,
    Mode,
    Outcome,
    Regime,
    Severity,
    Sought,
    StayBasis,
    SubjectKind,
    UnknownReason,
    Verdict,
    ViolationStatus,
)

_DIGEST = "sha256:4c1f0e3b9a"
_UUID = "019a3c1e-7d2f-7b1a-9c55-0f1e2d3c4b5a"


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SubjectPlace(_Out):
    """A subject by its kind and its index in the event's `persons` or `organizations`."""

    kind: SubjectKind
    index: int


class SubjectRef(SubjectPlace):
    """A subject by its place, with its role if the event gives one."""

    role: str | None


class SubjectKey(SubjectPlace):
    """A subject by its place, and what names it across crossings, if that is known."""

    key: str | None


class BasisRef(_Out):
    """An article of law."""

    provision: str = Field(examples=["RU-115FZ-5"])
    article: str


class Reason(_Out):
    """Why a fact of the past cannot be known, with the day of the crossing that leaves it open."""

    reason: UnknownReason
    day: date | None = None


class FindingOut(_Out):
    """A rule's verdict on one subject."""

    rule: str = Field(examples=["RUS-DOC-001"])
    version: str = Field(description="First day of the version of the rule that was applied, or `always`.")
    verdict: Verdict
    severity: Severity
    advice: Advice
    status: str
    subject: SubjectRef
    title: str
    basis: list[BasisRef]
    missing: list[str] = Field(description="Fields whose absence leaves the verdict open.")
    reasons: dict[str, Reason] = Field(description="Why missing facts of the subject's past cannot be known.")
    violation: str | None = Field(description="Identifier of the violation put before officers.")
    explanation: dict[str, Any] = Field(description="Version, law with source, and the tree of conditions with values.")


class Answer(_Out):
    """What the sender of an event is told. The engine advises; an officer decides."""

    crossing: str | None = Field(examples=[_UUID])
    id: str
    source: str
    outcome: Literal["violation", "undetermined", "compliant"]
    advice: Advice | None
    findings: list[FindingOut]
    rulebook: str = Field(examples=[_DIGEST])
    evaluated_at: datetime


class FactsOut(_Out):
    """The facts one subject was judged by."""

    subject: SubjectRef
    values: dict[str, Any] = Field(examples=[{"document.mrz_valid": True}])


class Evaluated(Answer):
    """An answer with the facts it rests on; nothing was stored."""

    facts: list[FactsOut]


class StoredFinding(_Out):
    """A finding as stored. A shadow finding is never shown as a violation."""

    finding: str
    rule: str
    version: str
    verdict: Verdict
    severity: Severity
    shadow: bool
    subject: SubjectPlace
    missing: list[str]
    explanation: dict[str, Any]


class Withdrawn(_Out):
    """What the sender of a withdrawal is told."""

    crossing: str = Field(examples=[_UUID])
    outcome: Literal["withdrawn"]
    findings: list[FindingOut]
    evaluated_at: datetime


class StoredDecision(_Out):
    """A decision on one revision, with the facts by subject, and the rules each subject complied with."""

    decision: str
    rulebook: str
    evaluated_at: datetime
    revision: int
    cause: Cause
    caused_by: str | None = Field(description="The crossing, manifest or link that made it necessary to judge again.")
    outcome: str
    advice: Advice | None
    findings: list[StoredFinding]
    facts: list[dict[str, Any]]
    compliant: list[list[str]]


class SubjectOut(SubjectRef):
    """A subject of a stored crossing; `key` names it across crossings."""

    key: str | None
    country: str | None


class RevisionOut(_Out):
    """What became known of a crossing, and when."""

    revision: int
    known_from: datetime
    reason: str | None
    withdrawn: bool


class CrossingOut(_Out):
    """A stored crossing. `due`: its subjects' history has changed, and it will be judged again."""

    crossing: str
    id: str
    source: str
    received_at: datetime
    occurred_at: datetime
    date: date
    checkpoint: str
    jurisdiction: str
    revision: int
    withdrawn: bool
    due: bool
    revisions: list[RevisionOut]
    event: dict[str, Any]
    subjects: list[SubjectOut]
    decisions: list[StoredDecision] = Field(description="The newest of them, or those before the cursor.")
    decisions_total: int
    next: str | None = Field(description="Where earlier decisions are.")


class ViolationOut(_Out):
    """A violation, open until an officer decides."""

    violation: str
    crossing: str
    id: str
    source: str
    status: ViolationStatus
    needs_review: bool = Field(description="What it rests on has changed since an officer decided.")
    outcome: Outcome | None = Field(description="What was decided last.")
    assignee: str | None = Field(description="The user who has it in hand.")
    decided_by: str | None = Field(description="The user who decided last.")
    protocol: str | None = Field(description="Number of the record it was closed with.")
    due_at: datetime = Field(description="Until when it is to be decided.")
    overdue: bool
    rule: str
    version: str
    title: dict[str, str]
    regime: Regime
    jurisdiction: str
    severity: Severity
    advice: Advice
    checkpoint: str
    direction: Direction
    mode: Mode
    subject: SubjectKey
    occurred_at: datetime
    date: date
    created_at: datetime
    updated_at: datetime


class ChangeOut(_Out):
    """Something done on a violation, and how it stands after it.

    With the decision that brought it about and the violation in its place, if any.
    """

    at: datetime
    actor: str = Field(description="A user, or the engine.")
    name: str | None = Field(description="The user's name.")
    action: str
    status: ViolationStatus
    outcome: Outcome | None
    assignee: str | None
    detail: dict[str, str] = Field(description="What the action brought along, as a ground or the number of a record.")
    needs_review: bool
    reason: str
    decision: str | None
    superseded_by: str | None


class MilderLaw(_Out):
    """Today's law is milder than the one applied (lex mitior): information, of which no status follows."""

    why: Literal["no_version_in_force", "not_violated", "smaller_sanction"]
    version: str | None = Field(description="Today's version of the rule.")
    subject_classes: list[str] | None = Field(None, description="Classes of subject whose greatest sanction is less.")


class ViolationDetail(ViolationOut):
    """A violation with why: explanation, law and the facts of its subject; and what became of it."""

    decision: str
    rulebook: str
    explanation: dict[str, Any]
    law: dict[str, Any] | None = Field(description="The articles in words, with sanctions by class of subject.")
    milder_law: MilderLaw | None
    facts: dict[str, Any]
    changes: list[ChangeOut]
    possible: list[Action] = Field(description="What whoever asks may do with it; nothing without a session.")


class RecordOut(_Out):
    """What a genuine record says, whenever it was printed; to be compared with the print."""

    violation: str
    newest: bool = Field(description="False: something was decided, or judged again, since it was printed.")
    rule: str
    severity: Severity
    checkpoint: str
    occurred_at: datetime
    subject: SubjectKey
    status: ViolationStatus
    outcome: Outcome | None
    protocol: str | None


class ViolationPage(_Out):
    """One page; `next` is the address of the following one."""

    items: list[ViolationOut]
    next: str | None


class LegOut(_Out):
    """One crossing of a subject."""

    crossing: str
    occurred_at: datetime
    date: date
    direction: Direction
    checkpoint: str
    state: str
    key: str
    basis: StayBasis | None = Field(description="On what the person was there; null where the papers leave it open.")


class LinkOut(_Out):
    """A statement that two keys name the same subject, or that they do not; in force until it is ended."""

    link: str
    one: str
    other: str
    same: bool
    ground: Ground
    made_at: datetime
    made_by: str
    reason: str
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None


class SubjectDetail(_Out):
    """A person or company: all its keys, how they were linked, its newest crossings and its violations by status."""

    subject: str = Field(examples=["CHN:E12345678"])
    keys: list[str]
    links: list[LinkOut]
    crossings: list[LegOut]
    violations: dict[str, int]


class StayOut(_Out):
    """One presence in the territory. Where a crossing is not on record, `lacks` says which, and the days are bounds."""

    entry: date | None
    exit: date | None
    earliest: date | None
    latest: date
    counted: bool | None
    basis: list[StayBasis | None]
    lacks: Reason | None


class AssessmentOut(_Out):
    """How far a limit is used on the day."""

    days_used: int = Field(description="Days that count against the limit on that day.")
    days_remaining: int | None = Field(
        description="Days in a row that may still lawfully be spent: from the day after if present, else from the day "
        "itself. May exceed the limit, as earlier days drop out of the window. Null: no end in sight."
    )
    last_lawful_day: date | None = Field(
        description="The last of them; of whoever is over already the day by which to leave was due."
    )
    overstay_days: int = Field(
        description="Days of presence so far on which the limit was exceeded: ever, or of a limit that a rule sets, in "
        "the stay that lasts on that day, since when the rule has asked for it."
    )
    first_violation_day: date | None = Field(description="The first of them.")


class LimitOut(_Out):
    """What is used of a limit. Where a crossing is not on record, `known` is false and the two bounds differ."""

    limit: str = Field(examples=["rolling 90/180"])
    rule: str | None = Field(description="The rule that sets it whoever leaves that day; null if it was asked for.")
    applies: bool | None = Field(
        description="Null: it is not known for certain that the rule applies to the person, or that nothing else the "
        "person may have, such as a permit, meets it."
    )
    known: bool
    least: AssessmentOut
    most: AssessmentOut | None = Field(description="Null: nothing on record bounds it.")


class StaysOut(_Out):
    """The days of a person in a territory, counted one by one."""

    subject: str
    territory: str
    on: date
    since: date | None = Field(
        description="First day that is told of, where there are more crossings than are read of anybody; the limits do "
        "not reach further back. Null: all stays on record are told."
    )
    stays: list[StayOut]
    days: list[date] = Field(description="Each day that counts for certain.")
    left_out: list[date] = Field(description="Days under a residence permit or long-stay visa.")
    limits: list[LimitOut]


class VersionOut(_Out):
    """A rule as the law stood in a period of inclusive days."""

    version: str
    in_force_from: date | None
    in_force_until: date | None
    basis: list[dict[str, Any]]
    sanction: dict[str, Any] | None


class RuleOut(_Out):
    """A rule of the rulebook in force."""

    rule: str
    title: dict[str, str]
    regime: Regime
    jurisdiction: str
    applies_to: SubjectKind
    status: str
    owner: str
    severity: Severity
    advice: Advice
    review_by: date
    basis: list[str]


class RuleDetail(RuleOut):
    """A rule with its versions, their law, its file and its cases."""

    limits: dict[str, str]
    related: list[dict[str, str]]
    rests_on: list[str]
    versions: list[VersionOut]
    file: str
    source: str
    cases: str | None


class RulePage(_Out):
    """The rules that were asked for."""

    rulebook: str
    items: list[RuleOut]


class ProblemItem(_Out):
    """One fault: where (a JSON pointer, or the parameter), what, and what would be right."""

    pointer: str
    message: str
    hint: str | None = None


class FlawOut(_Out):
    """A fault of a list: segments are counted from 1, UNA left out."""

    segment: int
    tag: str
    message: str
    right: str


_Local = Annotated[
    str | None, Field(description="By the clock there; no zone is given.", examples=["2026-03-01T17:25"])
]


class VoyageLegOut(_Out):
    """A leg of the voyage."""

    voyage: str | None = Field(examples=["UA989"])
    departure_place: str | None
    departure_local: _Local
    arrival_place: str | None
    arrival_local: _Local
    crosses_border: bool


class ListOut(_Out):
    """One message of a list, without names."""

    kind: str | None = Field(examples=["passenger_list"])
    function: str | None
    reference: str | None
    prepared_at: _Local
    release: str
    part: int | None
    whole: bool
    legs: list[VoyageLegOut]
    persons: int
    crew: int
    documents: int = Field(description="How many of the persons are listed with a document.")
    flaws: list[FlawOut] = Field(description="The first of them.")
    flaws_total: int


class ManifestOut(_Out):
    """A passenger or crew list on record."""

    manifest: str = Field(examples=[_UUID])
    source: str
    received_at: datetime
    messages: list[ListOut]


class Problem(_Out):
    """An error after RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = Field(description="The request, by the identifier of its `X-Request-Id`.")
    errors: list[ProblemItem] | None = None


class BatchLine(_Out):
    """What became of a line of a batch: `answer` is there if it is stored, `problem` if it is not."""

    line: Annotated[int, Field(description="Counted from 1.")]
    status: Annotated[int, Field(description="As if the event had come alone: 201, or 200 if it was stored before.")]
    revision: Annotated[int | None, Field(description="If the crossing was corrected since.")] = None
    retry_after: Annotated[int | None, Field(description="Of 429 and 503: in how many seconds to send it again.")] = (
        None
    )
    answer: Answer | None = None
    problem: Problem | None = None


_MEANING = {
    400: "The body is not JSON.",
    401: "No valid key was sent.",
    403: "The key does not have the permission, or is not bound to this source.",
    404: "There is no such record.",
    409: "The event is stored with another body.",
    413: "The body is too large.",
    415: "The body is of another media type.",
    422: "The input does not fit; every fault is named.",
    429: "Too much waits already; send the same again after `Retry-After` seconds.",
    503: "The service cannot answer now; send the same again after `Retry-After` seconds.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Error responses of an operation."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _MEANING[status], "content": {"application/problem+json": {"schema": schema}}}
        for status in statuses
    }


class SessionOut(_Out):
    """Who is signed in. An empty list in the remit means all there are."""

    user: str
    login: str
    name: str
    role: str
    language: str
    permissions: list[str]
    jurisdictions: list[str]
    checkpoints: list[str]


class Worked(_Out):
    """A violation and its status after what was done."""

    violation: str
    status: ViolationStatus


class WorkedItem(_Out):
    """As `Worked`, or the problem for which nothing was done."""

    violation: str
    status: ViolationStatus | None
    problem: Problem | None


class WorkedMany(_Out):
    """What became of each."""

    items: list[WorkedItem]


class AttachmentOut(_Out):
    """A file that was added to a violation."""

    attachment: str
    name: str
    media_type: str
    bytes: int
    sha256: str


class MissingOut(_Out):
    """A finding that cannot be told for want of the fields in `missing`."""

    finding: str
    crossing: str
    id: str
    source: str
    checkpoint: str
    occurred_at: datetime
    rule: str
    version: str
    title: dict[str, str]
    severity: Severity
    subject: SubjectPlace
    missing: list[str]


class MissingPage(_Out):
    """One page; `next` is the address of the following one."""

    items: list[MissingOut]
    next: str | None


Fit: TypeAlias = Annotated[float, Field(ge=0, le=1, description="How well it fits what was asked: 1 is exactly.")]


class FoundSubjectOut(_Out):
    """A person or company, with its name in `crossing`, the newest one it was found in."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    key: str | None
    kind: SubjectKind
    name: str
    crossing: str
    by: Sought
    fit: Fit


class FoundCrossingOut(_Out):
    """A crossing."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    crossing: str = Field(validation_alias="id")
    id: str = Field(validation_alias="event_id")
    source: str
    checkpoint: str
    occurred_at: datetime
    direction: Direction
    plate: str | None
    by: Sought
    fit: Fit


class FoundViolationOut(_Out):
    """A violation that was asked for, or one of a subject or crossing that was found."""

    violation: str
    crossing: str
    rule: str
    status: ViolationStatus
    severity: Severity
    checkpoint: str
    occurred_at: datetime
    protocol: str | None
    subject: str | None
    subject_kind: SubjectKind
    by: Sought
    fit: Fit


class FoundOut(_Out):
    """What was found, the best first."""

    subjects: list[FoundSubjectOut]
    crossings: list[FoundCrossingOut]
    violations: list[FoundViolationOut]


class CountOut(_Out):
    """How many violations, and where they are listed."""

    count: int
    listed_at: str


class DayCount(CountOut):
    """Of a day of UTC."""

    day: date


class RuleCount(CountOut):
    """Of a rule."""

    rule: str


class RegimeCount(CountOut):
    """Of a regime."""

    regime: Regime


class CheckpointCount(CountOut):
    """Of a checkpoint."""

    checkpoint: str


class KindCount(CountOut):
    """Of a kind of subject."""

    subject_kind: SubjectKind


class VerdictsOut(_Out):
    """Verdicts of active rules on subjects; `rate` is null where nothing applied."""

    compliant: int
    violated: int
    undetermined: int
    rate: float | None


class RuleVerdicts(VerdictsOut):
    """Of a rule."""

    rule: str


class CheckpointVerdicts(VerdictsOut):
    """Of a checkpoint."""

    checkpoint: str


class ComplianceOut(VerdictsOut):
    """Counted from the newest decision on each of so many crossings."""

    definition: str
    crossings: int
    since: date = Field(description="Later than the first day where there are more crossings than are counted.")
    by_rule: list[RuleVerdicts]
    by_checkpoint: list[CheckpointVerdicts]


class PrecisionOut(_Out):
    """How often officers agreed with a rule: of what was confirmed or upheld, dismissed or overturned."""

    rule: str
    agreed: int
    rejected: int
    share: float
    interval: tuple[float, float] = Field(description="Wilson, 95 %.")


class TogetherOut(_Out):
    """Two rules that the same subject violated in the same crossing."""

    rules: tuple[str, str]
    count: int


class SituationOut(_Out):
    """Figures of a span of days."""

    first: date = Field(alias="from")
    until: date
    violations: CountOut
    by_day: list[DayCount]
    by_rule: list[RuleCount]
    by_regime: list[RegimeCount]
    by_checkpoint: list[CheckpointCount]
    by_subject_kind: list[KindCount]
    compliance: ComplianceOut
    precision: list[PrecisionOut]
    together: list[TogetherOut]
    together_complete: bool = Field(description="False: only the newest violations were looked at.")


class SnoozeOut(_Out):
    """A rule that sleeps for a subject until an instant."""

    snooze: str
    rule: str
    subject: str
    until: datetime
    ground: str
    made_at: datetime
    made_by: str


class Snoozes(_Out):
    """Those that last."""

    items: list[SnoozeOut]


class WebhookOut(_Out):
    """A system that is told of violations; of an empty list of jurisdictions or rules, of all."""

    webhook: str
    url: str
    jurisdictions: list[str]
    rules: list[str]
    made_at: datetime
    made_by: str


class WebhookMade(WebhookOut):
    """With the secret that what is sent is signed with."""

    secret: str


class Webhooks(_Out):
    """Those that were not removed."""

    items: list[WebhookOut]


class DeliveryOut(_Out):
    """What a webhook was told, or is to be: of which change of which violation, and how far it came."""

    delivery: str = Field(description="The header `webhook-id`.")
    violation: str
    change: int = Field(description="0: that it was found.")
    state: DeliveryState
    attempts: int
    answered: int | None = Field(description="The status that the last attempt was answered with.")
    fault: str | None = Field(description="Why it was not answered.")
    made_at: datetime
    due_at: datetime | None = Field(description="When it may be tried next.")
    ended_at: datetime | None


class Deliveries(_Out):
    """One page; `next` is the address of the following one."""

    items: list[DeliveryOut]
    next: str | None


def body(model: type[BaseModel], example: object) -> dict[str, Any]:
    """A JSON body for the OpenAPI document, of those that `bodies` reads without FastAPI's help."""
    content = {"schema": model.model_json_schema(), "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}
