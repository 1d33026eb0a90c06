"""Line charts as SVG, by hand: readable on light and dark pages, and with no fonts or scripts from elsewhere."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, TypeAlias

Points: TypeAlias = Sequence[tuple[float, float]]
# Of one panel; its axis of x lies at the base, the legend below.
_WIDTH, _BASE = 480, 260
_LEFT, _RIGHT, _TOP = 70, 20, 44
_LEGEND, _LINE = 62, 18
# Told apart by people who see colours differently, on white and on black (Okabe and Ito).
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_STYLE = """\
text { font: 13px sans-serif; fill: #1f2328 } .page { fill: #ffffff } .grid { stroke: #d1d9e0 }
.title { font-weight: bold } .line { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .page { fill: #0d1117 } .grid { stroke: #3d444d } }"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart; the axis of y begins at 0, that of x too unless it is logarithmic."""

    title: str
    x: str
    y: str
    lines: Mapping[str, Points]
    is_logarithmic: bool = False


def svg(panels: Sequence[Panel]) -> str:
    """Give the panels side by side."""
    lines = max(len(panel.lines) for panel in panels)
    width, height = _WIDTH * len(panels), _BASE + _LEGEND + _LINE * lines
    inside = "\n".join(
        f'<g transform="translate({place * _WIDTH},0)">\n{"".join(_drawn(panel))}</g>'
        for place, panel in enumerate(panels)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">\n'
        f"<title>{escape('; '.join(panel.title for panel in panels))}</title>\n<style>\n{_STYLE}\n</style>\n"
        f'<rect class="page" width="{width}" height="{height}"/>\n{inside}\n</svg>\n'
    )


def _drawn(panel: Panel) -> Iterator[str]:
    xs = sorted({x for points in panel.lines.values() for x, _ in points})
    step = _step(max(y for points in panel.lines.values() for _, y in points))
    top = step * math.ceil(max(y for points in panel.lines.values() for _, y in points) / step)

    def across(x: float) -> float:
        low, high = (math.log(xs[0]), math.log(xs[-1])) if panel.is_logarithmic else (0, xs[-1])
        share = ((math.log(x) if panel.is_logarithmic else x) - low) / (high - low)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def up(y: float) -> float:
        return round(_TOP + (1 - y / top) * (_BASE - _TOP), 1)

    yield f'<text class="title" x="{_LEFT}" y="24">{escape(panel.title)}</text>\n'
    for number in range(round(top / step) + 1):
        y = number * step
        yield f'<path class="grid" d="M{_LEFT} {up(y)}H{_WIDTH - _RIGHT}"/>\n'
        yield f'<text x="{_LEFT - 8}" y="{up(y) + 4}" text-anchor="end">{y:,.0f}</text>\n'
    for x in xs:
        yield f'<text x="{across(x)}" y="{up(0) + 18}" text-anchor="middle">{x:,.0f}</text>\n'
    middle = (up(0) + up(top)) / 2
    yield f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{up(0) + 38}" text-anchor="middle">{escape(panel.x)}</text>\n'
    yield f'<text transform="translate(16,{middle}) rotate(-90)" text-anchor="middle">{escape(panel.y)}</text>\n'
    for place, ((name, points), colour) in enumerate(zip(panel.lines.items(), _COLOURS, strict=False)):
        path = "L".join(f"{across(x)} {up(y)}" for x, y in points)
        yield f'<path class="line" stroke="{colour}" d="M{path}"/>\n'
        yield from (f'<circle fill="{colour}" cx="{across(x)}" cy="{up(y)}" r="4"/>\n' for x, y in points)
        y = _BASE + _LEGEND + place * _LINE
        yield f'<circle fill="{colour}" cx="{_LEFT + 6}" cy="{y - 4}" r="4"/>\n'
        yield f'<text x="{_LEFT + 18}" y="{y}">{escape(name)}</text>\n'


def _step(highest: float) -> float:
    """A round number of which at most about six fit below."""
    rough = highest / 6
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
