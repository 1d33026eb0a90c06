"""Makes docs/demo.svg from a real run of the demo: `.venv/bin/python tools/picture.py`."""

import io
import os
import pty
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
_WIDTH = 100
_FROM, _UNTIL = "500 crossings at", "A company: one violation in full"


def main() -> None:
    os.environ |= {"COLUMNS": str(_WIDTH), "LINES": "60", "TERM": "xterm-256color", "FORCE_COLOR": "1"}
    chunks: list[bytes] = []

    def read(descriptor: int) -> bytes:
        chunks.append(os.read(descriptor, 65536))
        return chunks[-1]

    pty.spawn([str(Path(sys.executable).parent / "gerege"), "demo", "--exit", "--port", "0"], read)
    lines = b"".join(chunks).decode().replace("\r\n", "\n").splitlines()
    first = next(number for number, line in enumerate(lines) if _FROM in line)
    # What comes after holds keys, if only of a service that has ended.
    last = next(number for number, line in enumerate(lines) if _UNTIL in line)
    console = Console(record=True, width=_WIDTH, file=io.StringIO())
    console.print(Text("$ make demo", style="bold"))
    console.print(Text.from_ansi("\n".join(lines[first:last])))
    svg = console.export_svg(title="gerege demo")
    # Fonts are the reader's own: a picture in a repository calls no address.
    kept = svg[: svg.index("@font-face")] + svg[svg.index(".terminal") - 1 :] if "@font-face" in svg else svg
    (ROOT / "docs" / "demo.svg").write_text(kept, encoding="utf-8")


if __name__ == "__main__":
    main()
