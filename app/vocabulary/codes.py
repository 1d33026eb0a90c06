"""Closed code lists of the wire model.

They name papers, places, goods, roles and conduct. None of them names ethnicity, religion, opinion or health, and
none may be added that does (DESIGN.md §1).
"""

from enum import StrEnum


class Direction(StrEnum):
    """Which way the border is crossed; `presence` is being in the checkpoint or the border zone without crossing."""

    ENTRY = "entry"
    EXIT = "exit"
    PRESENCE = "presence"


class Mode(StrEnum):
    """Mode of transport at the checkpoint."""

    ROAD = "road"
    RAIL = "rail"
    AIR = "air"
    WATER = "water"
    PEDESTRIAN = "pedestrian"


class SubjectKind(StrEnum):
    """The two kinds of subject the law addresses."""

    INDIVIDUAL = "individual"
    LEGAL_ENTITY = "legal_entity"


class PersonRole(StrEnum):
    """What a person does in the crossing."""

    DRIVER = "driver"
    CREW = "crew"
    PASSENGER = "passenger"
    PEDESTRIAN = "pedestrian"


class OrganizationRole(StrEnum):
    """What an organisation does in the crossing."""

    CARRIER = "carrier"
    CONSIGNOR = "consignor"
    CONSIGNEE = "consignee"
    FORWARDER = "forwarder"
    RECEIVING_PARTY = "receiving_party"
    FACILITY_OPERATOR = "facility_operator"
    ACTIVITY_ORGANIZER = "activity_organizer"


class Sex(StrEnum):
    """Sex as printed in the document, ICAO Doc 9303-3 (X: unspecified)."""

    MALE = "M"
    FEMALE = "F"
    UNSPECIFIED = "X"


class DocumentKind(StrEnum):
    """Kind of identity or travel document."""

    PASSPORT = "passport"
    DIPLOMATIC_PASSPORT = "diplomatic_passport"
    SERVICE_PASSPORT = "service_passport"
    IDENTITY_CARD = "identity_card"
    INTERNAL_PASSPORT = "internal_passport"
    SEAFARER_IDENTITY = "seafarer_identity"
    LAISSEZ_PASSER = "laissez_passer"
    REFUGEE_TRAVEL_DOCUMENT = "refugee_travel_document"
    STATELESS_TRAVEL_DOCUMENT = "stateless_travel_document"
    EMERGENCY_TRAVEL_DOCUMENT = "emergency_travel_document"
    BIRTH_CERTIFICATE = "birth_certificate"


class VisaKind(StrEnum):
    """Kind of visa; `short_stay` and `long_stay` are the Schengen types C and D."""

    AIRPORT_TRANSIT = "airport_transit"
    TRANSIT = "transit"
    SHORT_STAY = "short_stay"
    LONG_STAY = "long_stay"
    TOURIST = "tourist"
    BUSINESS = "business"
    PRIVATE = "private"
    WORK = "work"
    STUDY = "study"
    HUMANITARIAN = "humanitarian"
    DIPLOMATIC = "diplomatic"
    SERVICE = "service"


class StayBasis(StrEnum):
    """On what a person was in a territory, as the papers shown at the crossing tell."""

    SHORT_STAY = "short_stay"
    RESIDENCE_PERMIT = "residence_permit"
    LONG_STAY_VISA = "long_stay_visa"


class Entries(StrEnum):
    """Number of entries a visa allows."""

    SINGLE = "single"
    DOUBLE = "double"
    MULTIPLE = "multiple"


class PermitKind(StrEnum):
    """Kind of permit, pass, certificate or accompanying paper of a person or an organisation."""

    ZONE_PASS = "zone_pass"  # noqa: S105 (a pass to the border zone, not a password)
    CHECKPOINT_PASS = "checkpoint_pass"  # noqa: S105 (a pass to the checkpoint, not a password)
    RESIDENCE_PERMIT = "residence_permit"
    TEMPORARY_STAY_PERMIT = "temporary_stay_permit"
    WORK_PERMIT = "work_permit"
    PARENTAL_CONSENT = "parental_consent"
    DRIVING_LICENCE = "driving_licence"
    ADR_DRIVER_CERTIFICATE = "adr_driver_certificate"
    ADR_VEHICLE_CERTIFICATE = "adr_vehicle_certificate"
    ADR_TRANSPORT_DOCUMENT = "adr_transport_document"
    ADR_WRITTEN_INSTRUCTIONS = "adr_written_instructions"
    ROAD_PERMIT = "road_permit"
    OVERSIZE_PERMIT = "oversize_permit"
    CMR_CONSIGNMENT_NOTE = "cmr_consignment_note"
    TIR_CARNET = "tir_carnet"
    PASSENGER_LIST = "passenger_list"
    ADVANCE_PASSENGER_DATA = "advance_passenger_data"
    CARRIER_ADMISSION = "carrier_admission"
    ACTIVITY_PERMISSION = "activity_permission"
    QUEUE_RESERVATION = "queue_reservation"


class Purpose(StrEnum):
    """Stated purpose of the journey."""

    CARGO = "cargo"
    CREW = "crew"
    TRANSIT = "transit"
    TOURISM = "tourism"
    BUSINESS = "business"
    PRIVATE = "private"
    WORK = "work"
    STUDY = "study"
    OFFICIAL = "official"
    RESIDENCE = "residence"


class VehicleKind(StrEnum):
    """Kind of vehicle, vessel or train."""

    CAR = "car"
    MOTORCYCLE = "motorcycle"
    BUS = "bus"
    TRUCK = "truck"
    TRAIN = "train"
    AIRCRAFT = "aircraft"
    VESSEL = "vessel"
    SMALL_CRAFT = "small_craft"
    BICYCLE = "bicycle"


class Carriage(StrEnum):
    """Kind of international carriage."""

    BILATERAL = "bilateral"
    TRANSIT = "transit"
    THIRD_COUNTRY = "third_country"
    CABOTAGE = "cabotage"
    OCCASIONAL_BUS = "occasional_bus"
    REGULAR_BUS = "regular_bus"
    OWN_ACCOUNT = "own_account"
    PRIVATE = "private"


class ObservationKind(StrEnum):
    """Conduct or a state of things an officer or a sensor recorded."""

    MOVED_WITHOUT_PERMISSION = "moved_without_permission"
    STOPPED_OUTSIDE_PLACE = "stopped_outside_place"
    BOARDED_WITHOUT_PERMISSION = "boarded_without_permission"
    ALIGHTED_WITHOUT_PERMISSION = "alighted_without_permission"
    LOADED_WITHOUT_PERMISSION = "loaded_without_permission"
    UNLOADED_WITHOUT_PERMISSION = "unloaded_without_permission"
    ENTERED_WITHOUT_PERMISSION = "entered_without_permission"
    COMPARTMENT_REFUSED = "compartment_refused"
    MONEY_IN_DOCUMENTS = "money_in_documents"
    RECORDING_WHERE_BARRED = "recording_where_barred"
    RESTRICTED_ITEM_NOT_DECLARED = "restricted_item_not_declared"
    EXPLANATION_REFUSED = "explanation_refused"
    ORDER_DISOBEYED = "order_disobeyed"
    CONTROL_BYPASSED = "control_bypassed"
    LEFT_ROUTE = "left_route"
    PERSON_CONCEALED = "person_concealed"
    UNDECLARED_PERSON_ABOARD = "undeclared_person_aboard"
    ACTIVITY_WITHOUT_NOTICE = "activity_without_notice"
    SEAL_BROKEN = "seal_broken"
    PREVENTIVE_MEASURES_PROVED = "preventive_measures_proved"
    PROTECTION_REQUESTED = "protection_requested"


class IdentifierScheme(StrEnum):
    """Register whose number identifies a legal entity."""

    RU_INN = "ru_inn"
    RU_OGRN = "ru_ogrn"
    LEI = "lei"
    CN_USCC = "cn_uscc"
    BY_UNP = "by_unp"
    KZ_BIN = "kz_bin"
    VAT = "vat"


class VisaRequirement(StrEnum):
    """What the dated matrix says a passport needs for entry."""

    NONE = "none"
    VISA_FREE_DAYS = "visa_free_days"
    VISA_ON_ARRIVAL = "visa_on_arrival"
    ELECTRONIC_AUTHORISATION = "electronic_authorisation"
    E_VISA = "e_visa"
    VISA = "visa"
    NO_ADMISSION = "no_admission"


class Classification(StrEnum):
    """Whom a checkpoint serves: all nationals, or those of the two neighbours only."""

    MULTILATERAL = "multilateral"
    BILATERAL = "bilateral"


class CapacityUnit(StrEnum):
    """What the capacity of a checkpoint counts."""

    VEHICLES = "vehicles"
    PERSONS = "persons"


class UnStatus(StrEnum):
    """Where a UN number stands in ADR table A."""

    CURRENT = "current"
    WITHDRAWN = "withdrawn"
    NOT_LISTED = "not_listed"


class UnknownReason(StrEnum):
    """Why a fact about a subject's history cannot be known."""

    NO_KEY = "no_key"
    TOO_MUCH = "more_crossings_than_one_subject_makes"
    NO_ENTRY = "no_entry_on_record"
    NO_EXIT = "no_exit_on_record"
    BASIS = "basis_of_stay_not_said"
    CALENDAR = "calendar_does_not_cover"
    COORDINATES = "checkpoint_without_coordinates"
    CAPACITY = "capacity_not_registered"
    OPERAND = "fact_it_is_counted_from_not_known"
    VOYAGE = "voyage_not_said"
    LIST = "passenger_list_does_not_tell"
    TIME_ZONE = "local_time_without_time_zone"


class Verdict(StrEnum):
    """What a rule says of a subject."""

    NOT_APPLICABLE = "not_applicable"
    COMPLIANT = "compliant"
    VIOLATED = "violated"
    UNDETERMINED = "undetermined"


class Regime(StrEnum):
    """The seven regimes rules belong to."""

    STATE_BORDER = "state_border"
    CHECKPOINT = "checkpoint"
    BORDER_ZONE = "border_zone"
    STAY = "stay"
    DOCUMENTS = "documents"
    CARRIAGE = "carriage"
    CARGO = "cargo"


class Severity(StrEnum):
    """How grave a violation is."""

    MINOR = "minor"
    SERIOUS = "serious"
    GRAVE = "grave"


class Advice(StrEnum):
    """What the lane is advised to do, from the mildest to the strictest."""

    NOTE = "note"
    REFER = "refer"
    HOLD = "hold"
    REFUSE = "refuse"


class ViolationStatus(StrEnum):
    """Where a violation is in the officers' work; what was decided of it is its outcome."""

    OPEN = "open"
    IN_REVIEW = "in_review"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    INCONCLUSIVE = "inconclusive"
    CLOSED = "closed"
    REOPENED = "reopened"
    UNDER_APPEAL = "under_appeal"
    UPHELD = "upheld"
    OVERTURNED = "overturned"
    SUPERSEDED = "superseded"


class Outcome(StrEnum):
    """What a named officer decided of a violation, last."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    INCONCLUSIVE = "inconclusive"
    UPHELD = "upheld"
    OVERTURNED = "overturned"


class Ground(StrEnum):
    """Why a violation was dismissed."""

    DATA_ERROR = "data_error"
    LAWFUL_EXCEPTION = "lawful_exception"
    RULE_WRONG = "rule_wrong"
    IDENTITY_WRONG = "identity_wrong"
    OTHER = "other"


class Sought(StrEnum):
    """What somebody or something is found by."""

    NAME = "name"
    COMPANY = "company"
    DOCUMENT = "document"
    IDENTIFIER = "identifier"
    PLATE = "plate"
    EVENT = "event"
    CROSSING = "crossing"
    VIOLATION = "violation"
    PROTOCOL = "protocol"
