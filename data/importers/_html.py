"""HTML as plain text: line breaks, table rows and formulas are kept, all other marks are not."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote

_FORMULA = re.compile(r"latex\.codecogs\.com/[^?]*\?(.*)", re.DOTALL)
_LOOKS = re.compile(r"\\(bf|large|Large|small|color\s*\{\w+\})\s*")
_BLOCKS = {"br", "hr", "p", "div", "tr", "table", "center", "h1", "h2", "h3", "li"}
_HIDDEN = {"style", "script", "head"}


def text_of(html: str) -> str:
    r"""The text of a piece of HTML; pictures of formulas become LaTeX between `$$`.

    >>> text_of('If <img src="http://latex.codecogs.com/gif.latex?T_{1}"/> &lt; 2<br>\n then?')
    'If $$T_{1}$$ < 2\nthen?'
    >>> text_of("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td></td></tr></table>")
    'a | b\nc |'
    >>> text_of("<table><tr><td>first<br>second</td></tr></table>one<hr>two")
    'first second\none\ntwo'
    """
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        if tag in ("td", "th"):
            self.parts.append(" | " if self._cells else "")
            self._cells += 1
        elif tag in _BLOCKS:
            # Within a cell a block is no new line, else it would tear the table's row apart.
            if tag in ("tr", "table") or not self._cells:
                self.parts.append("\n")
                self._cells = 0
            else:
                self.parts.append(" ")
        elif tag == "img":
            named = dict(attrs)
            self.parts.append(self._picture(named.get("src") or "", named.get("alt") or ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _HIDDEN and self._hidden > 0
        if tag == "table":
            self._cells = 0
            self.parts.append("\n")
        elif tag in ("br", "p", "div", "h1", "h2", "h3") and not self._cells:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(re.sub(r"\s+", " ", data))

    @staticmethod
    def _picture(source: str, alt: str) -> str:
        formula = _FORMULA.search(source)
        if formula:
            latex = _LOOKS.sub("", unquote(formula[1])).strip()
            return f" $${' '.join(latex.split())}$$ "
        return f" [picture: {alt or source}] "
