"""Reads HTML strictly: tags must balance, and nothing in it may run or be loaded."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"img", "input", "meta", "br", "hr"}
LOADING = {"src", "href", "action", "formaction", "data", "poster", "srcset", "xlink:href"}


class Markup(HTMLParser):
    """The tags with their attributes, and the text, of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.style = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            self.style += data
        else:
            self.text += data

    def of(self, tag: str, name: str = "") -> list[dict[str, str]]:
        """Return the attributes of all elements `tag`, with the class `name` where it is given."""
        return [
            attrs for found, attrs in self.tags if found == tag and (not name or name in attrs.get("class", "").split())
        ]


def harmless(html: str) -> Markup:
    """Return the parsed HTML after checking that nothing in it runs, loads or submits."""
    markup = Markup(html)
    for tag, attrs in markup.tags:
        assert tag not in {
            "script",
            "iframe",
            "object",
            "embed",
            "link",
            "base",
            "meta",
            "foreignobject",
            "animate",
            "set",
        }
        assert not any(name.startswith("on") for name in attrs), (tag, attrs)
        assert all(value.startswith("data:image/") for name, value in attrs.items() if name in LOADING), (tag, attrs)
        assert not any(bad in attrs.get("style", "") for bad in ("url(", "expression", "<", "@")), (tag, attrs)
    assert not any(bad in markup.style for bad in ("url(", "@import", "<", "expression"))
    html.encode("utf-8")
    return markup
