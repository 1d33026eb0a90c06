"""Facts computed from an event and the reference data: declared here, computed in `app.facts`.

They are declared as models of the same form as the wire model, so that the catalogue has one way to read both.
"""

from typing import Annotated

from pydantic import Field

from app.vocabulary import codes
from app.vocabulary.members import Day, Instant, ShortText, Strict, member, required
from app.vocabulary.wire import CheckpointCode, CountryCode


class CrossingFacts(Strict):
    """Facts on the event as a whole."""

    occurred_at: Instant = required("When it happened.", "Time of crossing", "Время пересечения", "出入境通行时间")
    date: Day = required(
        "Day of the crossing in the checkpoint's time zone.", "Date of crossing", "Дата пересечения", "出入境通行日期"
    )
    checkpoint: CheckpointCode = required("Code of the checkpoint.", "Checkpoint", "Пункт пропуска", "口岸")
    direction: codes.Direction = required("Direction.", "Direction", "Направление", "方向")
    mode: codes.Mode = required("Mode of transport.", "Mode of transport", "Вид сообщения", "运输方式")
    border_line_at: Instant | None = member(
        "When the border line itself was crossed; null: it was not.",
        "Border line crossed at",
        "Время пересечения линии границы",
        "越过边界线时间",
    )
    area: ShortText | None = member(
        "Border-zone area the event is in or leads to.", "Border-zone area", "Район пограничной зоны", "边境区域"
    )
    in_border_strip: bool = member(
        "The place lies within the strip along the border.", "In the border strip", "В полосе у границы", "位于边境地带"
    )


class CheckpointFacts(Strict):
    """Facts on the checkpoint from the register."""

    state: CountryCode = required(
        "State whose checkpoint it is.", "Checkpoint's state", "Государство пункта пропуска", "口岸所属国"
    )
    neighbour: CountryCode | None = required(
        "State on the other side; null: none (air, sea).", "Neighbouring state", "Сопредельное государство", "邻国"
    )
    modes: list[codes.Mode] = member("Modes it is open to.", "Modes served", "Виды сообщения", "开放运输方式")
    classification: codes.Classification = member("Whom it serves.", "Classification", "Классификация", "口岸分类")
    open: bool = required(
        "Established and open on the day of the crossing.", "Checkpoint open", "Пункт пропуска открыт", "口岸开放"
    )
    within_hours: bool = member(
        "The crossing was within the checkpoint's hours and seasons; unknown where they are not registered.",
        "Within opening hours",
        "В часы работы",
        "在开放时间内",
    )


class DocumentFacts(Strict):
    """Facts on the document."""

    mrz_valid: bool | None = member(
        "All check digits of the machine readable zone are right (ICAO Doc 9303); null: it has none.",
        "MRZ check digits right",
        "Контрольные цифры МСЗ верны",
        "机读区校验正确",
    )
    mrz_agrees: bool | None = member(
        "What was given beside the machine readable zone agrees with it; null: it has none.",
        "MRZ agrees with the data",
        "МСЗ совпадает с данными",
        "机读区与数据一致",
    )


class PersonFacts(Strict):
    """Facts on a person."""

    kind: codes.SubjectKind = required("Kind of subject.", "Kind of subject", "Вид субъекта", "主体类型")
    age_years: Annotated[int, Field(ge=0)] = member(
        "Completed years of age on the day of the crossing.", "Age", "Возраст", "年龄", unit="years"
    )
    visa_requirement: codes.VisaRequirement = member(
        "What the dated visa matrix says this nationality needs at this checkpoint's state on that day.",
        "Visa requirement",
        "Визовое требование",
        "签证要求",
    )
    visa_free_days: Annotated[int, Field(ge=0)] | None = member(
        "Days the matrix allows without a visa; null: it sets none.",
        "Visa-free days",
        "Безвизовых дней",
        "免签天数",
        unit="days",
    )


class StayFacts(Strict):
    """Facts on the person's present stay in the checkpoint's territory; the measures of the rulebook stand beside."""

    entered_on: Day = member(
        "Day of the entry that began the present stay; unknown where no entry is on record.",
        "Entered on",
        "Дата въезда",
        "入境日期",
    )


class HistoryFacts(Strict):
    """What the person's earlier crossings say of this one; the measures of the rulebook stand beside."""

    entry_on_record: bool = member(
        "Of an exit or a presence: the entry that began the stay is on record. Of an entry: true.",
        "Entry on record",
        "Въезд зарегистрирован",
        "有入境记录",
    )
    exit_on_record: bool = member(
        "Of an entry: no earlier stay in the territory lacks its exit. Of an exit or a presence: true.",
        "Earlier exit on record",
        "Предыдущий выезд зарегистрирован",
        "此前出境有记录",
    )
    last_entry_on: Day | None = member(
        "Day of the last earlier entry into the territory; null: none is on record.",
        "Last entry",
        "Последний въезд",
        "上次入境",
    )
    last_exit_on: Day | None = member(
        "Day of the last earlier exit from the territory; null: none is on record.",
        "Last exit",
        "Последний выезд",
        "上次出境",
    )
    present_in: CountryCode | None = member(
        "Other state in which the last earlier crossing leaves the person present; null: none.",
        "Still present in",
        "Числится находящимся в",
        "记录显示仍在",
    )
    speed_kmh: Annotated[int, Field(ge=0)] | None = member(
        "Least speed over ground from the checkpoint of the last earlier crossing to here; null: there is none.",
        "Speed since the last crossing",
        "Скорость от последнего пересечения",
        "自上次出入境通行的速度",
        unit="km/h",
    )


class OrganizationFacts(Strict):
    """Facts on an organisation."""

    kind: codes.SubjectKind = required("Kind of subject.", "Kind of subject", "Вид субъекта", "主体类型")
    identifier_valid: bool | None = member(
        "Every register number that can be checked has right form and check digits; null: none was given.",
        "Identifiers valid",
        "Идентификаторы верны",
        "登记号码有效",
    )


class VehicleFacts(Strict):
    """Facts on the vehicle."""

    containers_valid: bool | None = member(
        "Every container number is right after ISO 6346; null: no containers.",
        "Container numbers valid",
        "Номера контейнеров верны",
        "集装箱号有效",
    )


class ManifestFacts(Strict):
    """What the lists of passengers and crew on record of this voyage say."""

    complete: bool = member(
        "Every part of the passenger list is on record, and the crew are listed too.",
        "Manifest complete",
        "Список полон",
        "名单完整",
    )
    persons: Annotated[int, Field(ge=0, le=32_000)] = member(
        "Persons listed so far, crew included; unknown where a list does not tell.",
        "Persons listed",
        "Лиц в списке",
        "名单人数",
    )
    minutes_before_departure: Annotated[int, Field(ge=-(10**6), le=10**6)] = member(
        "Of an exit: from the receipt of the voyage's first list to the scheduled departure; negative: after it.",
        "Listed before departure",
        "Список до отправления",
        "名单早于出发",
        unit="minutes",
    )
    minutes_before_arrival: Annotated[int, Field(ge=-(10**6), le=10**6)] = member(
        "Of an entry: from the receipt of the voyage's first list to the scheduled arrival; negative: after it.",
        "Listed before arrival",
        "Список до прибытия",
        "名单早于到达",
        unit="minutes",
    )


class PersonListedFacts(Strict):
    """What those lists say of a person."""

    lists_person: bool = member(
        "The person's document is on a list; unknown without a document, and as long as others may be listed.",
        "Person listed",
        "Лицо в списке",
        "人员在名单上",
    )


class OnRecord(Strict):
    """What is on record beside the event, as objects of their own."""

    manifest: ManifestFacts | None = member(
        "Lists of passengers and crew of this voyage, by its number and day; null: none on record, or no voyage.",
        "Passenger manifest",
        "Список пассажиров",
        "旅客名单",
    )


class CargoFacts(Strict):
    """Facts on one line of the cargo."""

    un_status: codes.UnStatus | None = member(
        "Where its UN number stands in ADR table A; null: not dangerous.",
        "UN number's status",
        "Статус номера ООН",
        "编号状态",
    )
    hs_listed: bool = member(
        "Its first six digits are in the Harmonized System.", "HS code listed", "Код есть в ГС", "编码在册"
    )


class ObservationFacts(Strict):
    """Facts on one observation, as seen from the subject that is judged."""

    concerns_subject: bool = member(
        "It was recorded of this subject; unknown where the event does not say of whom.",
        "Concerns the subject",
        "Касается субъекта",
        "涉及该主体",
    )


class Finding(Strict):
    """The verdict of another rule in the same crossing. An undetermined verdict counts as unknown."""

    rule: ShortText = required("Id of the rule.", "Rule", "Правило", "规则")
    verdict: codes.Verdict = member("Its verdict.", "Verdict", "Вывод", "结论")
    severity: codes.Severity = required("Severity of that rule.", "Severity", "Тяжесть", "严重程度")
    subject_kind: codes.SubjectKind = required("Kind of subject.", "Kind of subject", "Вид субъекта", "主体类型")
    role: ShortText = member("Role of that subject.", "Role of the subject", "Роль субъекта", "主体身份")
    same_subject: bool = required(
        "It concerns the subject that is judged.", "Same subject", "Тот же субъект", "同一主体"
    )
