"""Documents for people: the record (protocol) of a violation, typeset in three languages.

violation, decision, law -> record (what is told, and its code) -> wording (in a language) -> typesetting (PDF)
"""
