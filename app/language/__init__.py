"""The rule language: from YAML text to a checked, engine-neutral rulebook.

    text --surface--> nodes with positions --from_surface--> rulebook of IR --resolve--> conditions as of one day

Mistakes come back as collected `diagnostics`, never as exceptions. `operators` and `truth` are what a leaf and a tree
mean; `printer` turns IR back into text; `schema` makes what an editor needs from the catalogue of fields.
"""
