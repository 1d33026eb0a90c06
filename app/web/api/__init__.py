"""Resources of the API, one file each; `DESIGN.md` §4 is their contract."""
