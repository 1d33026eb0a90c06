"""Words of a record in three languages: one left out is an error of types, a code without a word fails a test."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.language.ir import Operator
from app.violations.records import JUDGE_AGAIN
from app.violations.workflow import Action
from app.vocabulary.codes import (
    Direction,
    Ground,
    Mode,
    OrganizationRole,
    Outcome,
    PersonRole,
    Regime,
    Severity,
    SubjectKind,
    ViolationStatus,
)


class Language(StrEnum):
    """In which a record can be had."""

    EN = "en"
    RU = "ru"
    ZH = "zh"


@dataclass(frozen=True, slots=True)
class Texts:
    """The same in each language."""

    en: str
    ru: str
    zh: str

    def __getitem__(self, language: Language) -> str:
        match language:
            case Language.EN:
                return self.en
            case Language.RU:
                return self.ru
            case Language.ZH:
                return self.zh


WORDS: Final[Mapping[str, Texts]] = {
    "title": Texts("Protocol of a violation", "Протокол о нарушении", "违规笔录"),
    "what": Texts("What happened", "Что произошло", "事实经过"),
    "violation": Texts("Violation", "Нарушение", "违规编号"),
    "crossing": Texts("Crossing", "Пересечение", "出入境通行编号"),
    "event": Texts("Number given by the sender", "Номер отправителя", "发送方编号"),
    "checkpoint": Texts("Checkpoint", "Пункт пропуска", "口岸"),
    "time": Texts("Time", "Время", "时间"),
    "crossed": Texts("Direction, mode", "Направление, вид сообщения", "方向、运输方式"),
    "name": Texts("Name", "Фамилия и имя (наименование)", "姓名（名称）"),
    "born": Texts("Date of birth", "Дата рождения", "出生日期"),
    "nationality": Texts("Nationality", "Гражданство", "国籍"),
    "subject": Texts("Subject", "Субъект", "主体"),
    "rule": Texts("Rule", "Правило", "规则"),
    "rulebook": Texts("Rulebook", "Свод правил", "规则集"),
    "severity": Texts("Severity", "Тяжесть", "严重程度"),
    "status": Texts("Status", "Состояние", "状态"),
    "outcome": Texts("Outcome", "Решение", "处理结果"),
    "protocol": Texts("Protocol number", "Номер протокола", "笔录编号"),
    "measure": Texts("Measure taken", "Принятая мера", "已采取措施"),
    "none": Texts("none", "отсутствует", "无"),
    "unknown": Texts("not known", "неизвестно", "不详"),
    "no_key": Texts("without a known document", "без известного документа", "证件不详"),
    "why": Texts("Why", "Почему", "理由"),
    "applies": Texts("The rule applies because of this:", "Правило применимо, поскольку:", "规则适用的依据："),
    "broken": Texts("It was not complied with because of this:", "Оно не соблюдено, поскольку:", "未遵守规则的依据："),
    "looked_at": Texts("Looked at", "Что проверено", "检查项"),
    "value": Texts("Found", "Установлено", "查明"),
    "asked": Texts("Compared with", "С чем сопоставлено", "对照要求"),
    "holds": Texts("Holds", "Верно", "成立"),
    "yes": Texts("yes", "да", "是"),
    "no": Texts("no", "нет", "否"),
    "left_out": Texts(
        "{count} further conditions are in the explanation of the violation {violation}.",
        "Остальные условия ({count}) — в объяснении нарушения {violation}.",
        "其余 {count} 项条件见违规 {violation} 的说明。",
    ),
    "records": Texts("entries: {count}", "записей: {count}", "条目数：{count}"),
    "members": Texts("list of {count}", "список, {count}", "清单，共 {count} 项"),
    "law": Texts("Law", "Правовое основание", "法律依据"),
    "article": Texts("{act}, article {article}", "{act}, статья {article}", "{act}，第 {article} 条"),
    "source": Texts(
        "Source: {source} ({verification})", "Источник: {source} ({verification})", "来源：{source}（{verification}）"
    ),
    "no_law": Texts(
        "The rulebook cannot be read by this release; the articles are {articles}.",
        "Свод правил не читается этой версией программы; статьи: {articles}.",
        "当前版本无法读取该规则集；条款：{articles}。",
    ),
    "sanction": Texts("Sanction", "Санкция", "处罚"),
    "subject_class": Texts("For whom", "Для кого", "适用主体"),
    "range": Texts("Range", "Пределы", "幅度"),
    "note": Texts("Note", "Примечание", "备注"),
    "at_most": Texts("up to {most}", "до {most}", "不超过 {most}"),
    "at_least": Texts("from {least}", "от {least}", "不低于 {least}"),
    "no_amount": Texts("not stated", "не указаны", "未载明"),
    "decisions": Texts("Decisions", "Решения", "处理过程"),
    "none_yet": Texts("Nobody has decided yet.", "Решений ещё нет.", "尚无人作出决定。"),
    "at": Texts("When", "Когда", "时间"),
    "by": Texts("By whom", "Кем", "经办人"),
    "done": Texts("What", "Что", "事项"),
    "reason": Texts("Reason", "Основание", "理由"),
    "engine": Texts("the rules engine", "система правил", "规则引擎"),
    "ground": Texts("ground: {ground}", "причина: {ground}", "事由：{ground}"),
    "reply_by": Texts("reply due by {day}", "ответ до {day}", "答复期限：{day}"),
    "signatures": Texts("Signatures", "Подписи", "签名"),
    "code": Texts("Verification code", "Код проверки", "验证码"),
    "how_to_check": Texts(
        "Whether this protocol is genuine and still the newest is told by /v1/records/{code}?violation={violation}. "
        "Compare what it answers with what is printed here.",
        "Подлинность протокола и то, последний ли он, сообщает /v1/records/{code}?violation={violation}. "
        "Сравните ответ с напечатанным здесь.",
        "本笔录是否真实、是否为最新版本，可查询 /v1/records/{code}?violation={violation}，并将答复与此处所印内容核对。",
    ),
    "page": Texts("page {page} of {pages}", "стр. {page} из {pages}", "第 {page} 页，共 {pages} 页"),
    "sentence": Texts(
        "The rules engine found a violation of the rule {rule} by {subject} at {checkpoint} on {time}.",
        "Система правил установила признаки нарушения по правилу {rule}: {subject}, {checkpoint}, {time}.",
        "规则引擎认定{subject}于{time}在{checkpoint}涉嫌违反规则 {rule}。",
    ),
    "undecided": Texts(
        "No officer has decided on it.",
        "Должностное лицо решения ещё не приняло.",
        "尚未经执法人员决定。",
    ),
    "superseded": Texts(
        "It holds no more: the crossing was judged again, and this is not found as it was. Nobody is to be held to it.",
        "Вывод утратил силу: пересечение оценено заново, и в прежнем виде нарушение не установлено. "
        "Никто не может быть привлечён по нему к ответственности.",
        "该认定已失效：该次通行已重新判定，原认定不再成立，不得据此追究任何人。",
    ),
    "fallen": Texts(
        "The finding does not stand; nobody is to be held to it.",
        "Вывод не подтверждён; никто не может быть привлечён по нему к ответственности.",
        "该认定不成立，不得据此追究任何人。",
    ),
    "decided": Texts(
        "The last decision of an officer: {outcome}.",
        "Последнее решение должностного лица: {outcome}.",
        "执法人员的最后决定：{outcome}。",
    ),
    "review": Texts(
        "What it rests on has changed since; it is to be looked at again.",
        "Основания с тех пор изменились; требуется повторное рассмотрение.",
        "其依据此后有变化，须重新审查。",
    ),
}
SIGNATURES: Final = (
    Texts("Officer: name, signature, date", "Должностное лицо: Ф. И. О., подпись, дата", "执法人员：姓名、签名、日期"),
    Texts(
        "Second officer: name, signature, date",
        "Второе должностное лицо: Ф. И. О., подпись, дата",
        "第二执法人员：姓名、签名、日期",
    ),
    Texts(
        "Person concerned: read, copy received; signature, date",
        "С протоколом ознакомлен(а), копию получил(а): подпись, дата",
        "当事人：已阅，已收到副本；签名、日期",
    ),
    Texts("Interpreter: name, language, signature", "Переводчик: Ф. И. О., язык, подпись", "翻译：姓名、语种、签名"),
)
STATUS: Final[Mapping[ViolationStatus, Texts]] = {
    ViolationStatus.OPEN: Texts("open", "открыто", "待处理"),
    ViolationStatus.IN_REVIEW: Texts("in review", "на рассмотрении", "办理中"),
    ViolationStatus.CONFIRMED: Texts("confirmed", "подтверждено", "已确认"),
    ViolationStatus.DISMISSED: Texts("dismissed", "отклонено", "已驳回"),
    ViolationStatus.INCONCLUSIVE: Texts("inconclusive", "не установлено", "无法认定"),
    ViolationStatus.CLOSED: Texts("closed", "закрыто", "已结案"),
    ViolationStatus.REOPENED: Texts("reopened", "открыто вновь", "重新开启"),
    ViolationStatus.UNDER_APPEAL: Texts("under appeal", "обжалуется", "申诉中"),
    ViolationStatus.UPHELD: Texts("upheld", "оставлено в силе", "已维持"),
    ViolationStatus.OVERTURNED: Texts("overturned", "отменено", "已撤销"),
    ViolationStatus.SUPERSEDED: Texts("superseded", "заменено", "已被取代"),
}
OUTCOME: Final[Mapping[Outcome, Texts]] = {
    Outcome.CONFIRMED: Texts("confirmed", "подтверждено", "确认"),
    Outcome.DISMISSED: Texts("dismissed", "отклонено", "驳回"),
    Outcome.INCONCLUSIVE: Texts("inconclusive", "не установлено", "无法认定"),
    Outcome.UPHELD: Texts("upheld on appeal", "оставлено в силе по жалобе", "申诉后维持"),
    Outcome.OVERTURNED: Texts("overturned on appeal", "отменено по жалобе", "申诉后撤销"),
}
SEVERITY: Final[Mapping[Severity, Texts]] = {
    Severity.MINOR: Texts("minor", "незначительное", "轻微"),
    Severity.SERIOUS: Texts("serious", "серьёзное", "较重"),
    Severity.GRAVE: Texts("grave", "грубое", "重大"),
}
REGIME: Final[Mapping[Regime, Texts]] = {
    Regime.STATE_BORDER: Texts("state border regime", "режим государственной границы", "国界制度"),
    Regime.CHECKPOINT: Texts("checkpoint regime", "режим в пунктах пропуска", "口岸制度"),
    Regime.BORDER_ZONE: Texts("border-zone regime", "пограничный режим", "边境地区制度"),
    Regime.STAY: Texts("stay", "пребывание", "停留"),
    Regime.DOCUMENTS: Texts("documents", "документы", "证件"),
    Regime.CARRIAGE: Texts("carriage", "перевозки", "运输"),
    Regime.CARGO: Texts("cargo", "грузы", "货物"),
}
DIRECTION: Final[Mapping[Direction, Texts]] = {
    Direction.ENTRY: Texts("entry", "въезд", "入境"),
    Direction.EXIT: Texts("exit", "выезд", "出境"),
    Direction.PRESENCE: Texts("presence", "нахождение", "在场"),
}
MODE: Final[Mapping[Mode, Texts]] = {
    Mode.ROAD: Texts("road", "автомобильное", "公路"),
    Mode.RAIL: Texts("rail", "железнодорожное", "铁路"),
    Mode.AIR: Texts("air", "воздушное", "航空"),
    Mode.WATER: Texts("water", "водное", "水运"),
    Mode.PEDESTRIAN: Texts("on foot", "пешее", "步行"),
}
KIND: Final[Mapping[SubjectKind, Texts]] = {
    SubjectKind.INDIVIDUAL: Texts("Person", "Физическое лицо", "自然人"),
    SubjectKind.LEGAL_ENTITY: Texts("Legal entity", "Юридическое лицо", "法人"),
}
ROLE: Final[Mapping[str, Texts]] = {
    PersonRole.DRIVER: Texts("driver", "водитель", "驾驶员"),
    PersonRole.CREW: Texts("crew", "член экипажа", "乘务人员"),
    PersonRole.PASSENGER: Texts("passenger", "пассажир", "旅客"),
    PersonRole.PEDESTRIAN: Texts("pedestrian", "пешеход", "行人"),
    OrganizationRole.CARRIER: Texts("carrier", "перевозчик", "承运人"),
    OrganizationRole.CONSIGNOR: Texts("consignor", "грузоотправитель", "发货人"),
    OrganizationRole.CONSIGNEE: Texts("consignee", "грузополучатель", "收货人"),
    OrganizationRole.FORWARDER: Texts("forwarder", "экспедитор", "货运代理人"),
    OrganizationRole.RECEIVING_PARTY: Texts("receiving party", "принимающая сторона", "接待单位"),
    OrganizationRole.FACILITY_OPERATOR: Texts("facility operator", "оператор объекта", "设施经营人"),
    OrganizationRole.ACTIVITY_ORGANIZER: Texts("organiser of the activity", "организатор деятельности", "活动组织者"),
}
CODES: Final[Mapping[str, Mapping[str, Texts]]] = {
    "crossing.direction": dict(DIRECTION.items()),
    "crossing.mode": dict(MODE.items()),
    "subject.role": ROLE,
}
"""Codes that facts hold and that have words here, by field."""
ACTION: Final[Mapping[str, Texts]] = {
    Action.CONFIRM: Texts("confirmed", "подтверждено", "确认"),
    Action.DISMISS: Texts("dismissed", "отклонено", "驳回"),
    Action.LEAVE_INCONCLUSIVE: Texts("left inconclusive", "оставлено неустановленным", "记为无法认定"),
    Action.CLOSE: Texts("closed", "закрыто", "结案"),
    Action.REOPEN: Texts("reopened", "открыто вновь", "重新开启"),
    Action.APPEAL: Texts("appealed against", "обжаловано", "提出申诉"),
    Action.UPHOLD: Texts("upheld", "оставлено в силе", "维持"),
    Action.OVERTURN: Texts("overturned", "отменено", "撤销"),
    Action.REVIEW: Texts("looked at again", "рассмотрено повторно", "重新审查"),
    Action.ISSUE_NOTICE: Texts("notice issued", "направлено уведомление", "发出通知"),
    Action.RECEIVE_REBUTTAL: Texts("rebuttal received", "получено возражение", "收到申辩"),
    Action.RECTIFY: Texts("rectification begun", "начато устранение недостатков", "开始整改"),
    JUDGE_AGAIN: Texts("judged again", "оценено заново", "重新判定"),
}
"""What of all that is done a record tells: decisions and what the person concerned is party to, not who had it in hand
or what colleagues noted."""
GROUND: Final[Mapping[Ground, Texts]] = {
    Ground.DATA_ERROR: Texts("data error", "ошибка в данных", "数据错误"),
    Ground.LAWFUL_EXCEPTION: Texts("lawful exception", "законное исключение", "合法例外"),
    Ground.RULE_WRONG: Texts("the rule is wrong", "правило неверно", "规则有误"),
    Ground.IDENTITY_WRONG: Texts("wrong identity", "ошибка в личности", "身份有误"),
    Ground.OTHER: Texts("other", "иное", "其他"),
}
OPERATOR: Final[Mapping[Operator, Texts]] = {
    Operator.IS: Texts("is {0}", "равно {0}", "为 {0}"),
    Operator.IS_NOT: Texts("is not {0}", "не равно {0}", "不为 {0}"),
    Operator.IN: Texts("is one of {0}", "входит в {0}", "属于 {0}"),
    Operator.NOT_IN: Texts("is none of {0}", "не входит в {0}", "不属于 {0}"),
    Operator.PRESENT: Texts("is there: {0}", "имеется: {0}", "存在：{0}"),
    Operator.BELOW: Texts("below {0}", "меньше {0}", "小于 {0}"),
    Operator.AT_MOST: Texts("at most {0}", "не более {0}", "不超过 {0}"),
    Operator.ABOVE: Texts("above {0}", "больше {0}", "大于 {0}"),
    Operator.AT_LEAST: Texts("at least {0}", "не менее {0}", "不少于 {0}"),
    Operator.BETWEEN: Texts("from {0} to {1}", "от {0} до {1}", "自 {0} 至 {1}"),
    Operator.BEFORE: Texts("before {0}", "раньше {0}", "早于 {0}"),
    Operator.ON_OR_BEFORE: Texts("not after {0}", "не позже {0}", "不晚于 {0}"),
    Operator.AFTER: Texts("after {0}", "позже {0}", "晚于 {0}"),
    Operator.ON_OR_AFTER: Texts("not before {0}", "не раньше {0}", "不早于 {0}"),
    Operator.CONTAINS: Texts("contains {0}", "содержит {0}", "包含 {0}"),
    Operator.CONTAINS_ANY: Texts("contains any of {0}", "содержит что-либо из {0}", "包含 {0} 中任一项"),
    Operator.CONTAINS_ALL: Texts("contains all of {0}", "содержит всё из {0}", "包含 {0} 全部"),
    Operator.EMPTY: Texts("is empty: {0}", "пусто: {0}", "为空：{0}"),
    Operator.MATCHES: Texts("matches {0}", "соответствует {0}", "符合 {0}"),
    Operator.STARTS_WITH: Texts("starts with {0}", "начинается с {0}", "以 {0} 开头"),
}
QUANTIFIER: Final[Mapping[str, Texts]] = {
    "some": Texts("some of them meet the condition", "условию отвечает хотя бы одна", "至少一项符合条件"),
    "every": Texts("all of them meet the condition", "условию отвечают все", "全部符合条件"),
    "none": Texts("none of them meets the condition", "условию не отвечает ни одна", "无一符合条件"),
}
CLASS: Final[Mapping[str, Texts]] = {
    "any": Texts("anybody", "любое лицо", "任何人"),
    "individual": Texts("individuals", "физические лица", "自然人"),
    "citizen": Texts("citizens", "граждане", "公民"),
    "foreign_citizen": Texts("foreign citizens", "иностранные граждане", "外国公民"),
    "official": Texts("officials", "должностные лица", "公职人员"),
    "driver": Texts("drivers", "водители", "驾驶员"),
    "carrier": Texts("carriers", "перевозчики", "承运人"),
    "vehicle_operator": Texts(
        "persons in charge of vehicles", "ответственные за транспортные средства", "交通运输工具负责人"
    ),
    "legal_entity": Texts("legal entities", "юридические лица", "法人"),
}
VERIFICATION: Final[Mapping[str, Texts]] = {
    "text_found": Texts("read in the text", "сверено с текстом", "已核对原文"),
    "secondary_source": Texts("from a secondary source", "по вторичному источнику", "据二手资料"),
    "memory_unverified": Texts("not verified", "не сверено", "未经核实"),
}
