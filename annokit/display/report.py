"""HTML of a report: a table that can be sorted, without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annokit.display.html import block, head
from annokit.display.text import escaped
from annokit.report import SEVERITIES, Report

if TYPE_CHECKING:
    from annokit.report import Issue

MOST_ISSUES = 500

ORDERS = ("found", "severity", "count", "code", "field")
"""What the table can be sorted by."""

_SIGNS = {"error": "#d13438", "warning": "#c98a00", "info": "#3b82c4"}

_GRID = "display:grid;grid-template-columns:7em 6em 11em 8em 6em minmax(12em,1fr);align-items:start"

STYLE = "".join(
    (
        ".annokit-report{max-width:1100px}.annokit-report form{margin:0 0 4px}",
        ".annokit-report form label{margin-inline-end:12px}",
        ".annokit-report table{display:block;overflow-x:auto}",
        ".annokit-report tbody{display:flex;flex-direction:column;min-width:52em}",
        f".annokit-report thead{{display:block;min-width:52em}}.annokit-report tr{{{_GRID}}}",
        ".annokit-report tbody tr{border-top:1px solid rgba(128,128,128,.25)}",
        *(f".annokit-report:has(.annokit-by-{n}:checked) tbody tr{{order:var(--{n})}}" for n in ORDERS[1:]),
    )
)


def report_html(report: Report) -> str:
    """Return a report as HTML: a row per kind of issue, with a choice of the order and examples to unfold."""
    counts = {name: sum(i.count for i in report if i.severity == name) for name in SEVERITIES}
    told = [f"{name} {count:,}" for name, count in counts.items() if count]
    return block(
        head("Report", told or ["nothing to report"]) + issue_table(report), style=STYLE, kind="annokit-report"
    )


def issue_table(report: Report) -> str:
    """Return the choice of the order and the table of issues; they need :data:`STYLE`."""
    issues = report.issues[:MOST_ISSUES]
    if not issues:
        return ""
    ranks = _ranks(issues)
    rows = "".join(_row(issue, place, ranks) for place, issue in enumerate(issues))
    choice = "".join(
        f'<label><input type="radio" name="order" class="annokit-by-{name}"{" checked" * (not place)}> {name}</label>'
        for place, name in enumerate(ORDERS)
    )
    top = "".join(f"<th>{name}</th>" for name in ("severity", "count", "code", "field", "fate", "message"))
    rest = (
        f'<div class="annokit-dim">and {len(report) - len(issues):,} more kinds</div>'
        if len(report) > len(issues)
        else ""
    )
    return (
        f"<form><span class='annokit-dim'>order </span>{choice}</form>"
        f"<table><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table>{rest}"
    )


def _ranks(issues: tuple[Issue, ...]) -> dict[str, list[int]]:
    """Return for every order the place of each issue."""
    keys: dict[str, list[Any]] = {
        "severity": [(SEVERITIES.index(i.severity), -i.count) for i in issues],
        "count": [-i.count for i in issues],
        "code": [i.code for i in issues],
        "field": [(i.field is None, i.field or "") for i in issues],
    }
    ranks = {}
    for name, values in keys.items():
        order = sorted(range(len(issues)), key=values.__getitem__)
        ranks[name] = [order.index(place) for place in range(len(issues))]
    return ranks


def _row(issue: Issue, place: int, ranks: dict[str, list[int]]) -> str:
    order = ";".join(f"--{name}:{values[place]}" for name, values in ranks.items())
    sign = f'<span style="color:{_SIGNS[issue.severity]}">●</span> {escaped(issue.severity)}'
    cells = "".join(f"<td>{escaped(text)}</td>" for text in (issue.code, issue.field or "", issue.fate or ""))
    examples = "".join(f"<li><bdi>{escaped(example)}</bdi></li>" for example in issue.examples)
    more = f"<details><summary>examples</summary><ul>{examples}</ul></details>" if examples else ""
    return (
        f'<tr style="{order}"><td>{sign}</td><td class="annokit-count">{issue.count:,}</td>{cells}'
        f"<td>{escaped(issue.message, 400)}{more}</td></tr>"
    )
