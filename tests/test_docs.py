"""The README's commands are run, in their order, and print what the README says they print."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Command:
    text: str
    expected: str


def commands() -> Iterator[Command]:
    for block in re.findall(r"^```console\n(.*?)^```$", README, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            text, _, expected = part.partition("\n")
            yield Command(text, expected.strip())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def sandbox(tmp_path: Path) -> tuple[Path, dict[str, str], int]:
    for folder in ("rules", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    port, posts = free_port(), free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GEREGE_", "COV_"))}
    return (
        tmp_path,
        {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "GEREGE_PORT": str(port),
            "COLUMNS": "200",
            "NO_COLOR": "1",
            "POST_PORT": str(posts),
        },
        port,
    )


def test_the_walks_of_the_readme_work_as_they_are_printed(sandbox: tuple[Path, dict[str, str], int]) -> None:
    folder, environment, port = sandbox
    served: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands():
            text = command.text.replace(":8000", f":{port}").replace("8010", environment["POST_PORT"])
            if text.endswith("&"):
                output = _start(text.removesuffix("&"), folder, environment, port, served)
            else:
                done = subprocess.run(
                    ["bash", "-c", text],
                    cwd=folder,
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=120,
                    check=False,
                )
                output = done.stdout
            assert _matches(output.replace(f":{port}", ":8000"), command.expected), f"$ {command.text}\n{output}"
    finally:
        for process in served:
            process.terminate()
            process.wait(30)


def test_the_readme_has_a_walk_for_each_of_the_three_users() -> None:
    assert len(list(commands())) >= 15
    for heading in ("For checkpoint systems", "For officers", "For rule authors"):
        assert f"## {heading}\n" in README


def test_pictures_and_files_the_readme_names_are_there() -> None:
    for name in [*re.findall(r"!\[.*?\]\((.*?)\)", README), "rules/README.md", "rules/lists/README.md", "NOTICE"]:
        assert (ROOT / name).is_file(), name


def _start(
    text: str, folder: Path, environment: dict[str, str], port: int, served: list[subprocess.Popen[bytes]]
) -> str:
    log = folder / "serve.log"
    with log.open("wb") as output:
        served.append(
            subprocess.Popen(["bash", "-c", f"exec {text}"], cwd=folder, env=environment, stdout=output, stderr=output)
        )
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
        except OSError:
            assert served[-1].poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        else:
            break
    return log.read_text(encoding="utf-8")


def _matches(output: str, expected: str) -> bool:
    """Whether the output is what is printed, `…` standing for anything; trailing blanks do not count."""
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    text = "\n".join(line.rstrip() for line in output.strip().splitlines())
    return re.fullmatch(pattern, text, re.DOTALL) is not None
