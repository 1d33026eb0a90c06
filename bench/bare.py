"""The ceiling: a bare FastAPI handler that parses the same body into the same model and answers.

It validates straight from the bytes: strict models refuse what FastAPI's own parameters make of JSON, and this is
faster.
"""

from fastapi import FastAPI, Request
from pydantic import BaseModel

from app.vocabulary.wire import Crossing

app = FastAPI()


class Answer(BaseModel):
    id: str


@app.post("/v1/crossings", status_code=201)
async def post_crossing(request: Request) -> Answer:
    return Answer(id=Crossing.model_validate_json(await request.body()).id)
