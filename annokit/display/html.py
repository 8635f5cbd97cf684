"""Pieces of HTML that notebooks, VS Code and a browser show alike, in light and dark, without scripts.

Colours of text and lines come from where the HTML stands (``currentColor`` and half-transparent greys); without its
style sheet, as where a viewer strips it, it remains tables and text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from annokit.display.text import escaped

STYLE = """
.annokit{font:13px/1.45 system-ui,-apple-system,'Segoe UI',sans-serif;color:inherit;max-width:960px;text-align:start}
.annokit *{box-sizing:border-box}
.annokit-head{margin:.2em 0 .5em}.annokit-head b{font-size:1.1em}.annokit-dim{opacity:.65}
.annokit table{border-collapse:collapse;table-layout:auto;margin:0;font-size:1em;border:0;color:inherit}
.annokit td,.annokit th{text-align:start!important;line-height:inherit;padding:1px 8px 1px 0!important;border:0;
vertical-align:top;background:none;max-width:28em;overflow-wrap:anywhere;white-space:normal}
.annokit th{font-weight:600;overflow-wrap:break-word}.annokit tr{background:none!important;border:0}
.annokit td.annokit-count{text-align:end!important;font-variant-numeric:tabular-nums;white-space:nowrap}
.annokit-blocks{display:flex;flex-wrap:wrap;gap:14px 28px;align-items:flex-start}
.annokit-block h4{margin:0 0 3px!important;font-size:1em;font-weight:600}
.annokit-bar{width:120px;height:9px;margin-top:5px;background:rgba(128,128,128,.18);border-radius:2px;overflow:hidden}
.annokit-bar div{height:100%}
.annokit-swatch{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-inline-end:.45em;
border:1px solid rgba(128,128,128,.6);vertical-align:-.05em}
.annokit-strip{display:flex;flex-wrap:wrap;gap:6px;margin-top:10px}.annokit-strip figure{margin:0;width:112px}
.annokit-strip img{display:block;max-width:none}
.annokit-strip figcaption{font-size:.8em;opacity:.7;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.annokit-picture{position:relative;max-width:100%;overflow:hidden;border:1px solid rgba(128,128,128,.35)}
.annokit-picture img{display:block;width:100%;height:100%;margin:0;max-width:none}
.annokit-shape:hover>*{fill-opacity:.5;stroke-width:4px}
.annokit-legend{display:flex;flex-wrap:wrap;gap:2px 14px;margin:6px 0}
.annokit-legend label{cursor:pointer;white-space:nowrap;margin:0}
.annokit-legend input{margin:0 .35em 0 0;vertical-align:-.1em}
.annokit ul{margin:4px 0;padding-inline-start:1.4em}
.annokit details{margin-top:6px}.annokit summary{cursor:pointer}
""".strip()

GREY = "rgba(128,128,128,.75)"


def block(body: str, *, style: str = "", kind: str = "") -> str:
    """Return a whole output: the style sheet and a root element."""
    name = f"annokit {kind}".strip()
    return f'<div class="{name}"><style>{STYLE}{style}</style>{body}</div>'


def head(title: Any, facts: Iterable[Any] = ()) -> str:
    """Return a heading and facts after it; None and empty ones are left out."""
    told = " · ".join(escaped(fact) for fact in facts if fact not in (None, ""))
    return f'<div class="annokit-head"><b><bdi>{escaped(title)}</bdi></b> <span class="annokit-dim">{told}</span></div>'


def swatch(color: str) -> str:
    """Return a small square of a colour that was checked."""
    return f'<span class="annokit-swatch" style="background:{color}"></span>'


def fields(pairs: Iterable[tuple[str, Any]]) -> str:
    """Return a table of names and values; None is left out."""
    rows = "".join(
        f"<tr><th>{escaped(name)}</th><td><bdi>{escaped(value, 400)}</bdi></td></tr>"
        for name, value in pairs
        if value is not None
    )
    return f"<table>{rows}</table>" if rows else ""


def bars(title: str, counts: Sequence[tuple[str, int, str]], most: int = 12) -> str:
    """Return a block of bars.

    Parameters
    ----------
    title : str
        Heading.
    counts : sequence of (name, count, colour)
        Each one a bar, as long as its count beside the largest; colours were checked.
    most : int
        Bars shown at first; the rest is folded away.
    """
    if not counts:
        return ""
    peak = max(1, *(count for _, count, _ in counts))
    rows = [_bar(name, count, count / peak, color) for name, count, color in counts]
    rest = f"<details><summary>{len(rows) - most:,} more</summary>{_rows(rows[most:])}</details>" if rows[most:] else ""
    return f'<div class="annokit-block"><h4>{escaped(title)}</h4>{_rows(rows[:most])}{rest}</div>'


def _rows(rows: Sequence[str]) -> str:
    return f"<table>{''.join(rows)}</table>"


def _bar(name: str, count: int, share: float, color: str) -> str:
    return (
        f"<tr><td>{swatch(color) if color != GREY else ''}<bdi>{escaped(name, 60)}</bdi></td><td>"
        f'<div class="annokit-bar"><div style="width:{share * 100:.1f}%;background:{color}"></div></div></td>'
        f'<td class="annokit-count">{count:,}</td></tr>'
    )
