"""The wire model of a crossing event (DESIGN.md §4).

Every optional member may be omitted (it says nothing) or, where its type allows, be `null` or `[]` (there is none).
Unknown members are refused. Sizes are bounded so that one event cannot exhaust a worker.
"""

from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.vocabulary import codes
from app.vocabulary.countries import ISO3, STATE_CODES
from app.vocabulary.members import (
    Day,
    HsCode,
    Instant,
    Kilograms,
    ShortText,
    Strict,
    Text,
    UnNumber,
    member,
    required,
)


def _state_code(value: str) -> str:
    if value not in STATE_CODES:
        raise PydanticCustomError("state_code", "is not an ISO 3166 alpha-3 or ICAO Doc 9303-3 code")
    return value


def _country_code(value: str) -> str:
    if value not in ISO3:
        raise PydanticCustomError("country_code", "is not an ISO 3166 alpha-3 code")
    return value


STATE, COUNTRY = AfterValidator(_state_code), AfterValidator(_country_code)
StateCode: TypeAlias = Annotated[str, STATE, Field(examples=["CHN"])]
CountryCode: TypeAlias = Annotated[str, COUNTRY, Field(examples=["CHN"])]
MrzLine: TypeAlias = Annotated[str, Field(min_length=1, max_length=44)]
CheckpointCode: TypeAlias = Annotated[str, Field(pattern=r"^[A-Z]{3}-[A-Z0-9-]{1,60}$", examples=["RUS-ZABAYKALSK"])]


class Document(Strict):
    """The identity or travel document a person presented."""

    kind: codes.DocumentKind = member("Kind of document.", "Kind of document", "Вид документа", "证件种类")
    issuer: StateCode = member(
        "Issuing state or organisation, ICAO Doc 9303-3.", "Issuing state", "Государство выдачи", "签发国"
    )
    number: ShortText = member(
        "Document number as printed, without spaces.", "Document number", "Номер документа", "证件号码"
    )
    issued_on: Day | None = member("Date of issue; null: none is printed.", "Date of issue", "Дата выдачи", "签发日期")
    expires_on: Day | None = member(
        "Last day of validity; null: valid without a term.", "Date of expiry", "Срок действия", "有效期至"
    )
    mrz: Annotated[list[MrzLine], Field(max_length=3)] | None = member(
        "Lines of the machine readable zone as read (TD1, TD2, TD3); null: the document has none.",
        "Machine readable zone",
        "Машиносчитываемая зона",
        "机读区",
        in_rules=False,
    )
    technical_defect: bool = member(
        "The document has technical defects.", "Technical defect", "Технический дефект", "技术缺陷"
    )


class Visa(Strict):
    """The visa a person presented."""

    kind: codes.VisaKind = member("Kind of visa.", "Kind of visa", "Вид визы", "签证种类")
    number: ShortText = member("Visa number as printed.", "Visa number", "Номер визы", "签证号码", in_rules=False)
    issuer: StateCode = member("Issuing state.", "State issuing the visa", "Государство, выдавшее визу", "签证签发国")
    valid_from: Day = member("First day of validity.", "Visa valid from", "Виза действительна с", "签证生效日")
    valid_until: Day = member("Last day of validity.", "Visa valid until", "Виза действительна до", "签证有效期至")
    entries: codes.Entries = member("Number of entries.", "Entries", "Кратность", "入境次数")


class Permit(Strict):
    """A permit, pass, certificate or accompanying paper."""

    kind: codes.PermitKind = required("Kind of permit.", "Kind of permit", "Вид разрешения", "许可种类")
    number: ShortText = member("Number as printed.", "Permit number", "Номер разрешения", "许可号码", in_rules=False)
    issuer: StateCode = member("Issuing state.", "State issuing the permit", "Государство выдачи", "许可签发国")
    valid_from: Day | None = member(
        "First day of validity; null: no first day.", "Permit valid from", "Разрешение с", "许可生效日"
    )
    valid_until: Day | None = member(
        "Last day of validity; null: no last day.", "Permit valid until", "Разрешение до", "许可有效期至"
    )
    area: Text | None = member(
        "Border-zone area the permit is for; null: not bound to an area.", "Permit area", "Район действия", "许可区域"
    )
    territory: StateCode = member(
        "State on whose territory it is valid.", "Permit territory", "Территория действия", "许可有效领土"
    )
    carriage: codes.Carriage = member(
        "Kind of carriage it allows.", "Permitted carriage", "Разрешённый вид перевозки", "许可运输种类"
    )
    max_gross_weight_kg: Kilograms = member(
        "Greatest gross weight it allows.",
        "Permitted gross weight",
        "Разрешённая полная масса",
        "许可总重",
        unit="kg",
    )


Permits: TypeAlias = Annotated[list[Permit], Field(max_length=50)]


class Person(Strict):
    """A natural person in the crossing."""

    role: codes.PersonRole = member("What the person does in the crossing.", "Role", "Роль", "身份")
    surname: Text = member("Primary identifier.", "Surname", "Фамилия", "姓", in_rules=False)
    given_names: Text | None = member("Secondary identifier; null: none.", "Given names", "Имена", "名", in_rules=False)
    nationality: StateCode = member(
        "Nationality, ISO 3166 alpha-3 or ICAO Doc 9303-3 (XXA stateless …).", "Nationality", "Гражданство", "国籍"
    )
    birth_date: Day = member("Date of birth.", "Date of birth", "Дата рождения", "出生日期")
    sex: codes.Sex = member("Sex as printed in the document.", "Sex", "Пол", "性别", in_rules=False)
    residence: CountryCode = member("State of residence.", "State of residence", "Страна проживания", "居住国")
    document: Document | None = member(
        "The document presented; null: none was.", "Identity document", "Документ, удостоверяющий личность", "身份证件"
    )
    visa: Visa | None = member("The visa presented; null: none was.", "Visa", "Виза", "签证")
    permits: Permits | None = member("Permits presented; []: none.", "Permits", "Разрешения", "许可")
    purpose: codes.Purpose = member("Stated purpose.", "Purpose of the journey", "Цель поездки", "旅行目的")
    intended_departure_on: Day | None = member(
        "Day the person intends to leave; null: does not intend to.",
        "Intended departure",
        "Планируемый выезд",
        "预计离境日",
    )
    stay_extension_until: Day | None = member(
        "Last day of an extension of stay; null: none granted.",
        "Stay extended until",
        "Срок пребывания продлён до",
        "停留延期至",
    )
    registered_on: Day | None = member(
        "Day on which notice of the arrival was given (migration registration); null: none was given.",
        "Arrival registered on",
        "Дата постановки на миграционный учёт",
        "抵达登记日",
    )
    registered_in_zone: bool = member(
        "Is registered as living in the border zone.",
        "Registered in the zone",
        "Зарегистрирован в зоне",
        "边境区登记居民",
    )
    accompanied: bool = member(
        "A minor travels with a parent or guardian.", "Accompanied", "С сопровождающим", "有监护人陪同"
    )


class Organization(Strict):
    """A legal entity in the crossing."""

    role: codes.OrganizationRole = member("What it does in the crossing.", "Role", "Роль", "身份")
    name: Text = member("Registered name.", "Name", "Наименование", "名称", in_rules=False)
    country: CountryCode = member("State of registration.", "State of registration", "Страна регистрации", "注册国")
    identifiers: dict[codes.IdentifierScheme, ShortText] | None = member(
        "Register numbers by scheme; null or {}: has none.", "Identifiers", "Идентификаторы", "登记号码", in_rules=False
    )
    permits: Permits | None = member("Permits presented; []: none.", "Permits", "Разрешения", "许可")


class Vehicle(Strict):
    """The vehicle, vessel, aircraft or train."""

    plate: ShortText | None = member("Registration mark; null: none.", "Plate", "Регистрационный знак", "车牌")
    country: CountryCode = member("State of registration.", "Vehicle's state", "Страна регистрации ТС", "车辆注册国")
    kind: codes.VehicleKind = member("Kind of vehicle.", "Kind of vehicle", "Вид ТС", "车辆种类")
    carriage: codes.Carriage = member("Kind of carriage.", "Kind of carriage", "Вид перевозки", "运输种类")
    distinguishing_sign: ShortText | None = member(
        "Distinguishing sign shown on the vehicle; null: none.", "Distinguishing sign", "Отличительный знак", "识别标志"
    )
    gross_weight_kg: Kilograms = member("Gross weight.", "Gross weight", "Полная масса", "总重", unit="kg")
    voyage: ShortText | None = member(
        "Flight, voyage or train number; null: none.", "Voyage", "Номер рейса", "航班航次"
    )
    persons_aboard: Annotated[int, Field(ge=0, le=20_000)] = member(
        "Persons aboard, crew included, as counted at the checkpoint.",
        "Persons aboard",
        "Лиц на борту",
        "实载人数",
    )
    containers: Annotated[list[ShortText], Field(max_length=200)] | None = member(
        "Container numbers, ISO 6346; []: none.", "Containers", "Контейнеры", "集装箱"
    )


class CargoItem(Strict):
    """One line of the cargo."""

    hs: HsCode = member("Goods code, WCO Harmonized System.", "HS code", "Код ТН ВЭД", "商品编码")
    description: Text = member("Goods in words.", "Description", "Наименование товара", "货物名称", in_rules=False)
    net_weight_kg: Kilograms = member("Net weight.", "Net weight", "Масса нетто", "净重", unit="kg")
    un_number: UnNumber | None = member(
        "UN number of dangerous goods; null: not dangerous.", "UN number", "Номер ООН", "联合国编号"
    )
    declared: bool = member("Declared to customs.", "Declared", "Задекларирован", "已申报")
    documented: bool = member(
        "Named in the transport document.",
        "In the transport document",
        "Указан в транспортном документе",
        "列入运输单据",
    )


class Observation(Strict):
    """Conduct or a state of things recorded at the checkpoint."""

    kind: codes.ObservationKind = required("What was observed.", "Observation", "Наблюдение", "观察事项")
    at: Instant = member("When it was observed.", "Observed at", "Время наблюдения", "观察时间")
    person: Annotated[int, Field(ge=0)] = member(
        "Index of the person concerned.", "Person concerned", "Лицо", "涉及人员", in_rules=False
    )
    organization: Annotated[int, Field(ge=0)] = member(
        "Index of the organisation concerned.", "Organisation concerned", "Организация", "涉及单位", in_rules=False
    )

    @model_validator(mode="after")
    def _concerns_one(self) -> Self:
        # Were both allowed, one named alone would not say that the other is not meant (law 4).
        if {"person", "organization"} <= self.model_fields_set:
            raise PydanticCustomError(
                "observation_of_two", "concerns a person or an organisation; send one observation of each"
            )
        return self


class Crossing(Strict):
    """One event at a checkpoint, sent by a checkpoint system."""

    id: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,100}$")] = required(
        "The sender's identifier, unique within its source.",
        "Event id",
        "Идентификатор события",
        "事件标识",
        in_rules=False,
    )
    source: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$")] = required(
        "The sending system.", "Source", "Источник", "来源", in_rules=False
    )
    occurred_at: Instant = required(
        "When it happened, with the offset from UTC.", "Time of crossing", "Время пересечения", "出入境通行时间"
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
    area: Text | None = member(
        "Border-zone area the event is in or leads to; null: none.",
        "Border-zone area",
        "Район пограничной зоны",
        "边境区域",
    )
    in_border_strip: bool = member(
        "The place lies within the strip along the border.", "In the border strip", "В полосе у границы", "位于边境地带"
    )
    persons: Annotated[list[Person], Field(max_length=1000)] = member(
        "Natural persons, each judged for itself.", "Persons", "Лица", "人员", in_rules=False
    )
    organizations: Annotated[list[Organization], Field(max_length=100)] = member(
        "Legal entities, each judged for itself.", "Organisations", "Организации", "单位", in_rules=False
    )
    vehicle: Vehicle | None = member("The vehicle; null: none.", "Vehicle", "Транспортное средство", "交通工具")
    cargo: Annotated[list[CargoItem], Field(max_length=1000)] | None = member(
        "Cargo lines; []: none.", "Cargo", "Груз", "货物"
    )
    observations: Annotated[list[Observation], Field(max_length=200)] | None = member(
        "What was observed; []: nothing.", "Observations", "Наблюдения", "观察事项"
    )

    @model_validator(mode="after")
    def _names_whom_it_is_about(self) -> Self:
        if not (self.persons or self.organizations):
            raise PydanticCustomError("no_subject", "names no person and no organisation; give at least one of them")
        for observation in self.observations or ():
            _check_index(observation.person, self.persons, "person")
            _check_index(observation.organization, self.organizations, "organization")
        return self


def _check_index(index: int | None, among: list[Person] | list[Organization] | None, what: str) -> None:
    if index is not None and index >= len(among or ()):
        raise PydanticCustomError(
            "observation_index",
            "an observation names {what} {index}, and there is none",
            {"what": what, "index": index},
        )
