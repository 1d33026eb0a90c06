"""The ceiling: a bare FastAPI handler that parses the same body into the same model and answers."""

from fastapi import FastAPI

from app.vocabulary.wire import Crossing

app = FastAPI()


@app.post("/v1/crossings", status_code=201)
async def post_crossing(event: Crossing) -> dict[str, str]:
    return {"id": event.id}
