"""What a browser sends of a form: a field in which nothing was chosen is there, and empty."""

from typing import Any

from pydantic import BaseModel, model_validator


def without_empty(given: Any) -> Any:  # noqa: ANN401 (as a browser sends it)
    """A form without the fields that ask nothing."""
    if not isinstance(given, dict):
        return given
    return {name: value for name, value in given.items() if value not in ("", None)}


class Filled(BaseModel):
    """A form whose empty fields ask nothing."""

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: Any) -> Any:  # noqa: ANN401 (as a browser sends it)
        return without_empty(given)
