"""Brings the console's catalogues up to date with its templates and code; `--check` only says what is missing.

Sorted and without places, so that two branches that add messages seldom touch the same lines.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

CONSOLE = Path(__file__).parents[1] / "app" / "web" / "console"
LANGUAGES = ("ru", "zh")
_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
_KEYWORDS = {**DEFAULT_KEYWORDS, "marked": None}


def extracted() -> Catalog:
    """All messages of the console."""
    found = Catalog(project="Gerege", fuzzy=False)
    options = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
    for _, _, message, comments, context in extract_from_dir(CONSOLE, _METHODS, options, _KEYWORDS):
        found.add(message, auto_comments=comments, context=context)
    return found


def catalogue(language: str) -> Catalog:
    """What is translated."""
    with _path(language).open("rb") as file:
        return read_po(file, language)


def faults(language: str) -> Iterator[str]:
    """Messages that are missing, not sure, or there for nothing."""
    wanted, known = extracted(), catalogue(language)
    for message in wanted:
        if not message.id:
            continue
        found = known.get(message.id, message.context)
        strings = found.string if found and isinstance(found.string, (tuple, list)) else [found.string if found else ""]
        if not found or not all(strings):
            yield f"{language}: not translated: {message.id!r}"
        elif found.fuzzy:
            yield f"{language}: not sure: {message.id!r}"
    for message in known:
        if message.id and not wanted.get(message.id, message.context):
            yield f"{language}: used nowhere: {message.id!r}"


def update(language: str) -> None:
    """Add what is new, drop what is gone."""
    path = _path(language)
    found = catalogue(language) if path.exists() else Catalog(language, fuzzy=False)
    found.update(extracted(), no_fuzzy_matching=True)
    found.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    made = BytesIO()
    write_po(made, found, width=0, no_location=True, sort_output=True, omit_header=True)
    path.write_bytes(_head(found).encode() + made.getvalue())


def _head(found: Catalog) -> str:
    """Without the dates that Babel writes into it, which would change in every branch."""
    lines = {
        "Language": found.locale_identifier,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": found.plural_forms,
    }
    return "\n".join(['msgid ""', 'msgstr ""', *(f'"{name}: {text}\\n"' for name, text in lines.items())]) + "\n\n"


def _path(language: str) -> Path:
    return CONSOLE / "locale" / language / "LC_MESSAGES" / "gerege.po"


def main() -> int:
    if "--check" not in sys.argv:
        for language in LANGUAGES:
            update(language)
    found = [fault for language in LANGUAGES for fault in faults(language)]
    print("\n".join(found) or "All messages are translated.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
