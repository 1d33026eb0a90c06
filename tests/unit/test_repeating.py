"""A thread that goes on whatever goes wrong."""

import threading

import pytest
from structlog.testing import capture_logs

from app.errors import Unavailable
from app.evaluation.repeating import NotNowError, Repeating


class LineBrokeError(Exception):
    pass


@pytest.mark.parametrize(
    ("fault", "traced"),
    [
        (NotNowError("later", 0), False),
        (Unavailable("the database is away"), False),
        (LineBrokeError("refused"), False),
        (ValueError("a mistake of ours"), True),
    ],
)
def test_what_is_ordinary_is_told_in_a_line_and_what_is_not_with_its_trace(fault: Exception, *, traced: bool) -> None:
    again = threading.Event()
    turns = 0

    def turn() -> float:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise fault
        again.set()
        return 60.0

    thread = Repeating("trying", turn, longest_pause=0.01, ordinary=(LineBrokeError,))
    with capture_logs() as logs:
        thread.start()
        assert again.wait(30)
        thread.stop(wait=False)
    (told,) = logs
    assert (told["what"], "exc_info" in told) == ("trying", traced)
    assert str(fault) in told["why"]
