"""Where the following page is, told in the answer and in its `Link` header."""

from urllib.parse import urlencode

from fastapi import Request, Response


def next_page(request: Request, response: Response, cursor: str) -> str:
    """The path of the following page, asked for as this one was."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    following = f"{request.url.path}?{urlencode([*kept, ('cursor', cursor)])}"
    response.headers["Link"] = f'<{following}>; rel="next"'
    return following
