"""Pages as a test reads them: what is said, where links lead, which forms are offered."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

from httpx2 import Response
from starlette.testclient import TestClient

from app.identity import users
from app.identity.remit import EVERYWHERE, Remit
from app.identity.roles import Role
from app.storage.engine import transaction
from tests.service.serving import Service, several

LANGUAGES: Final = ("en", "ru", "zh")


@dataclass(slots=True)
class Form:
    """Where it leads, and its fields with what stands in them; of buttons all values."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Page:
    """A page that was asked for."""

    status: int
    html: str
    language: str
    text: str
    links: list[str]
    forms: list[Form]

    def offered(self) -> set[str]:
        """Values of all buttons named `action`, and of all fields of that name."""
        buttons = {value for form in self.forms for name, value in form.buttons if name == "action"}
        return buttons | {form.fields["action"] for form in self.forms if "action" in form.fields}


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.language, self.links, self.texts, self._silent = "", list[str](), list[str](), 0
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = given["lang"]
        elif tag == "a":
            self.links.append(given["href"])
        elif tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get")))
        elif tag in {"input", "select", "textarea"} and "name" in given and self.forms:
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.append((given.get("name", ""), given.get("value", "")))
        self._silent += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts.append(data)


def read(answer: Response) -> Page:
    made = _Reading()
    made.feed(answer.text)
    text = " ".join("".join(made.texts).split())
    return Page(answer.status_code, answer.text, made.language, text, made.links, made.forms)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody with an account, signed in, who opens pages and sends forms."""

    client: TestClient
    id: str
    header: Mapping[str, str]
    service: Service

    def opens(self, path: str, language: str | None = None, **options: Any) -> Page:  # noqa: ANN401 (the client's)
        if language:
            self.speaks(language)
        return read(self.client.get(path, headers=self.header, **options))

    def sends(self, path: str, fields: Mapping[str, Any] | None = None, **options: Any) -> Response:  # noqa: ANN401 (the client's)
        return self.client.post(path, data=fields, headers=self.header, follow_redirects=False, **options)

    def follows(self, answer: Response) -> Response:
        """Go where it leads, as a browser with the cookies that it sets."""
        cookies = "; ".join([self.header["Cookie"], *(f"{name}={value}" for name, value in answer.cookies.items())])
        return self.client.get(answer.headers["location"], headers={"Cookie": cookies})

    def speaks(self, language: str) -> None:
        with transaction(self.service.services.database) as tx:
            user = users.get(tx, self.id)
            assert user
            users.set_language(tx, user, language)


_numbers = iter(range(10_000))


def found(service: Service, rule: str = "RUS-TDOC-001", **changes: object) -> str:
    """A new violation of somebody new, by default on an expired document."""
    number = f"C{next(_numbers):08}"
    made = several(id=number, persons__0__document__number=number, **changes)
    made["persons"][1]["document"]["number"] = f"P{number}"
    answer = service.post(made).json()
    return str(next(each["violation"] for each in answer["findings"] if each["rule"] == rule and each["violation"]))


def reader(service: Service, login: str, role: Role = Role.OFFICER, remit: Remit = EVERYWHERE) -> Reader:
    made = service.person(login, role, remit)
    return Reader(made.client, made.id, made.header, service)


def in_each(person: Reader, path: str) -> Iterator[Page]:
    """The page in every language."""
    for language in LANGUAGES:
        yield person.opens(path, language)
