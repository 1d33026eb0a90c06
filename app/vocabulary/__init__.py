"""The words of Gerege: the wire model of a crossing and the catalogue of fields made from it.

`wire` is the single source of field names, types, units and labels; `derived` adds the facts that are computed from
an event and the reference data; `fields` turns both into the catalogue which rules, schema and documentation use.
"""
