"""A small writer of SVG: elements in the order in which they are drawn, text escaped."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

FONT = "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"


class Drawing:
    """One picture of `width` by `height`; y grows downwards."""

    def __init__(self, width: float, height: float, *, title: str) -> None:
        self._width = width
        self._height = height
        self._title = title
        self._parts: list[str] = []

    def rect(
        self, x: float, y: float, width: float, height: float, *, fill: str, tip: str = ""
    ) -> None:
        """Draw a filled rectangle; `tip` is shown under the pointer. Nothing has no area."""
        if width > 0 and height > 0:
            shape = _attributes(x=x, y=y, width=width, height=height, fill=fill)
            self._add("rect", shape, _tip(tip))

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, stroke: str, width: float = 1,
        dashed: bool = False,
    ) -> None:  # fmt: skip
        shape = _attributes(x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width)
        self._add("line", shape + (' stroke-dasharray="5 4"' if dashed else ""))

    def path(self, points: list[tuple[float, float]], *, stroke: str, width: float = 2) -> None:
        """Draw straight lines through `points`."""
        if len(points) > 1:
            through = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
            shape = _attributes(points=through, stroke=stroke, stroke_width=width)
            self._add("polyline", shape + ' fill="none" stroke-linejoin="round"')

    def dot(self, x: float, y: float, radius: float, *, fill: str, tip: str = "") -> None:
        shape = _attributes(cx=x, cy=y, r=radius, fill=fill, stroke="#ffffff", stroke_width=1)
        self._add("circle", shape, _tip(tip))

    def text(
        self, x: float, y: float, words: str, *, size: float = 12, fill: str, anchor: str = "start",
        bold: bool = False,
    ) -> None:  # fmt: skip
        """Write `words` with the baseline at `y`; `anchor`: start, middle or end."""
        shape = _attributes(x=x, y=y, font_size=size, fill=fill, text_anchor=anchor)
        self._add("text", shape + (' font-weight="600"' if bold else ""), escape(words))

    def __str__(self) -> str:
        box = f"0 0 {_number(self._width)} {_number(self._height)}"
        shape = _attributes(viewBox=box, width=self._width, height=self._height)
        head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {shape} font-family="{FONT}">'
        parts = "\n".join(self._parts)
        return f"{head}\n<title>{escape(self._title)}</title>\n{parts}\n</svg>\n"

    def _add(self, name: str, attributes: str, inside: str = "") -> None:
        end = f">{inside}</{name}>" if inside else "/>"
        self._parts.append(f"<{name} {attributes}{end}")


def _tip(words: str) -> str:
    return f"<title>{escape(words)}</title>" if words else ""


def _attributes(**values: str | float) -> str:
    return " ".join(
        f"{name.replace('_', '-')}={quoteattr(_number(value))}" for name, value in values.items()
    )


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
