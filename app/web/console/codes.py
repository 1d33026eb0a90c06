"""What the codes of papers, places and conduct are called; countries and currencies Babel knows."""

from collections.abc import Mapping
from typing import Final

from app.vocabulary.codes import Direction, Mode, Severity, SubjectKind, Verdict
from app.web.console.labels import NAMES
from app.web.console.languages import Language, marked

_LABELLED: Final = (Direction, Mode, Severity, Verdict, SubjectKind)
CODES: Final[Mapping[str, str]] = {
    **{str(code): name for kind in _LABELLED for code, name in NAMES[kind].items()},
    # Roles; a pedestrian is one, and a mode as well.
    "driver": marked("driver"),
    "crew": marked("crew"),
    "passenger": marked("passenger"),
    "pedestrian": marked("pedestrian"),
    "carrier": marked("carrier"),
    "consignor": marked("consignor"),
    "consignee": marked("consignee"),
    "forwarder": marked("forwarder"),
    "receiving_party": marked("receiving party"),
    "facility_operator": marked("facility operator"),
    "activity_organizer": marked("organiser of an activity"),
    # Sex
    "M": marked("male"),
    "F": marked("female"),
    "X": marked("unspecified"),
    # Documents
    "passport": marked("passport"),
    "diplomatic_passport": marked("diplomatic passport"),
    "service_passport": marked("service passport"),
    "identity_card": marked("identity card"),
    "internal_passport": marked("internal passport"),
    "seafarer_identity": marked("seafarer's identity document"),
    "laissez_passer": marked("laissez-passer"),
    "refugee_travel_document": marked("refugee travel document"),
    "stateless_travel_document": marked("travel document of a stateless person"),
    "emergency_travel_document": marked("emergency travel document"),
    "birth_certificate": marked("birth certificate"),
    # Visas
    "airport_transit": marked("airport transit"),
    "transit": marked("transit"),
    "short_stay": marked("short stay"),
    "long_stay": marked("long stay"),
    "tourist": marked("tourist"),
    "business": marked("business"),
    "private": marked("private"),
    "work": marked("work"),
    "study": marked("study"),
    "humanitarian": marked("humanitarian"),
    "diplomatic": marked("diplomatic"),
    "service": marked("service"),
    "single": marked("single"),
    "double": marked("double"),
    "multiple": marked("multiple"),
    "none": marked("none needed"),
    "visa_free_days": marked("free for some days"),
    "visa_on_arrival": marked("visa on arrival"),
    "electronic_authorisation": marked("electronic authorisation"),
    "e_visa": marked("electronic visa"),
    "visa": marked("visa"),
    "no_admission": marked("no admission"),
    # Permits
    "zone_pass": marked("pass to the border zone"),
    "checkpoint_pass": marked("pass to the checkpoint"),
    "residence_permit": marked("residence permit"),
    "temporary_stay_permit": marked("temporary stay permit"),
    "long_stay_visa": marked("long-stay visa"),
    "work_permit": marked("work permit"),
    "parental_consent": marked("consent of the parents"),
    "driving_licence": marked("driving licence"),
    "adr_driver_certificate": marked("ADR driver certificate"),
    "adr_vehicle_certificate": marked("ADR vehicle certificate"),
    "adr_transport_document": marked("ADR transport document"),
    "adr_written_instructions": marked("ADR instructions in writing"),
    "road_permit": marked("road permit"),
    "oversize_permit": marked("permit for an oversize load"),
    "cmr_consignment_note": marked("CMR consignment note"),
    "tir_carnet": marked("TIR carnet"),
    "passenger_list": marked("passenger list"),
    "advance_passenger_data": marked("advance passenger data"),
    "carrier_admission": marked("admission as a carrier"),
    "activity_permission": marked("permission for an activity"),
    "queue_reservation": marked("reservation in the electronic queue"),
    # Purposes
    "cargo": marked("cargo"),
    "tourism": marked("tourism"),
    "official": marked("official"),
    "residence": marked("residence"),
    # Vehicles and carriage
    "car": marked("car"),
    "motorcycle": marked("motorcycle"),
    "bus": marked("bus"),
    "truck": marked("truck"),
    "train": marked("train"),
    "aircraft": marked("aircraft"),
    "vessel": marked("vessel"),
    "small_craft": marked("small craft"),
    "bicycle": marked("bicycle"),
    "bilateral": marked("bilateral"),
    "multilateral": marked("multilateral"),
    "third_country": marked("third-country"),
    "cabotage": marked("cabotage"),
    "occasional_bus": marked("occasional bus service"),
    "regular_bus": marked("regular bus service"),
    "own_account": marked("on own account"),
    # Conduct
    "moved_without_permission": marked("moved without permission"),
    "stopped_outside_place": marked("stopped outside the place set"),
    "boarded_without_permission": marked("boarded without permission"),
    "alighted_without_permission": marked("alighted without permission"),
    "loaded_without_permission": marked("loaded without permission"),
    "unloaded_without_permission": marked("unloaded without permission"),
    "entered_without_permission": marked("entered without permission"),
    "compartment_refused": marked("refused to open a compartment"),
    "money_in_documents": marked("money in the documents"),
    "recording_where_barred": marked("recorded where it is barred"),
    "restricted_item_not_declared": marked("restricted item not declared"),
    "explanation_refused": marked("refused to explain"),
    "order_disobeyed": marked("disobeyed an order"),
    "control_bypassed": marked("went round the control"),
    "left_route": marked("left the route"),
    "person_concealed": marked("person concealed"),
    "undeclared_person_aboard": marked("undeclared person aboard"),
    "activity_without_notice": marked("activity without notice"),
    "seal_broken": marked("seal broken"),
    "preventive_measures_proved": marked("preventive measures proved"),
    "protection_requested": marked("protection requested"),
    # UN numbers
    "current": marked("current"),
    "withdrawn": marked("withdrawn"),
    "not_listed": marked("not listed"),
    # Registers
    "ru_inn": marked("Russian INN"),
    "ru_ogrn": marked("Russian OGRN"),
    "lei": marked("LEI"),
    "cn_uscc": marked("Chinese social credit code"),
    "by_unp": marked("Belarusian UNP"),
    "kz_bin": marked("Kazakh BIN"),
    "vat": marked("VAT number"),
    # Classes of sanctions
    "any": marked("anybody"),
    "citizen": marked("citizen"),
    "foreign_citizen": marked("foreign citizen"),
    "vehicle_operator": marked("person in charge of the vehicle"),
    # What is known of a source
    "text_found": marked("the text was read"),
    "secondary_source": marked("from a secondary source"),
    "memory_unverified": marked("from memory, not verified"),
    # Why the past is not known
    "no_key": marked("the document or register number is not known"),
    "more_crossings_than_one_subject_makes": marked("more crossings than one subject makes"),
    "no_entry_on_record": marked("no entry is on record"),
    "no_exit_on_record": marked("no exit is on record"),
    "basis_of_stay_not_said": marked("the basis of the stay was not said"),
    "calendar_does_not_cover": marked("the calendar does not reach so far"),
    "checkpoint_without_coordinates": marked("the checkpoint has no coordinates"),
    "capacity_not_registered": marked("the capacity is not registered"),
    "fact_it_is_counted_from_not_known": marked("what it is counted from is not known"),
    "voyage_not_said": marked("the voyage was not said"),
    "passenger_list_does_not_tell": marked("the passenger list does not tell"),
    "local_time_without_time_zone": marked("a local time without time zone"),
    # Units
    "MCI": marked("monthly calculation indices"),
    "base units": marked("base units"),
    "UZ minimum wages": marked("minimum wages of Uzbekistan"),
}
# As a purpose of a journey this code means something else.
_OFFICIAL: Final = marked("official (person)")
OPERATORS: Final[Mapping[str, str]] = {
    "is": marked("is"),
    "is_not": marked("is not"),
    "in": marked("is one of"),
    "not_in": marked("is none of"),
    "below": marked("is below"),
    "at_most": marked("is at most"),
    "above": marked("is above"),
    "at_least": marked("is at least"),
    "between": marked("lies between"),
    "before": marked("is before"),
    "on_or_before": marked("is on or before"),
    "after": marked("is after"),
    "on_or_after": marked("is on or after"),
    "contains": marked("contains"),
    "contains_any": marked("contains any of"),
    "contains_all": marked("contains all of"),
    "matches": marked("has the form"),
    "starts_with": marked("begins with"),
}


def unit(unit: str, language: Language) -> str:
    """A unit of a sanction: a currency by its sign, or what the code says."""
    return language.locale.currency_symbols.get(unit) or language.say(CODES.get(unit, unit))


def subject_class(name: str, language: Language) -> str:
    """For whom a sanction is."""
    return language.say(_OFFICIAL if name == "official" else CODES.get(name, name))
