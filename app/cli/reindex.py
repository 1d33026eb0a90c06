"""`gerege reindex`: crossings stored by earlier releases, made findable by name and number."""

from app.cli.database import opened
from app.cli.settings import DatabaseOption, settings
from app.cli.terminal import counted, out, working
from app.storage.engine import transaction
from app.violations import search_terms

_AT_ONCE = 200


def reindex(database: DatabaseOption = None) -> None:
    """Make crossings findable that officers work on and that were stored before they could be searched for."""
    made, after = 0, ""
    with opened(settings(database_url=database).database_url) as engine, working("Reading…"):
        while True:
            with transaction(engine) as tx:
                found = search_terms.without(tx, after, _AT_ONCE)
                readable = [each for name in found if (each := search_terms.read(tx, name))]
                search_terms.store(tx, readable)
            if not found:
                break
            made, after = made + len(readable), found[-1]
    out.print(f"{counted(made, 'crossing')} made findable.")
