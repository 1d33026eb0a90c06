"""The ceiling: bare FastAPI handlers that parse the same body into the same model and answer.

`/v1/crossings` is written as FastAPI's documentation writes one; its parameters come as Python values, which the strict
model takes only if told to be lax. `/lean` validates straight from the bytes, which is the least a handler can do.
"""

from typing import Annotated, Any

from fastapi import Body, FastAPI, Request
from pydantic import BaseModel, WrapValidator

from app.vocabulary.wire import Crossing

app = FastAPI()


def _lax(value: Any, _: object) -> Crossing:  # noqa: ANN401 (what FastAPI made of the JSON)
    return Crossing.model_validate(value, strict=False)


class Answer(BaseModel):
    id: str


@app.post("/v1/crossings", status_code=201)
async def post_crossing(event: Annotated[Crossing, WrapValidator(_lax), Body()]) -> Answer:
    return Answer(id=event.id)


@app.post("/lean", status_code=201)
async def post_lean(request: Request) -> Answer:
    return Answer(id=Crossing.model_validate_json(await request.body()).id)
