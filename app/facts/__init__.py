"""From an event to facts: what rules may ask about, for each subject of a crossing.

event + reference tables --derive--> facts of each subject (flat, typed; what is not known is not there)
"""
