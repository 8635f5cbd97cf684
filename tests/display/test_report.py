from __future__ import annotations

from annokit.display.report import report_html
from annokit.report import Issue, Report
from tests.display.markup import harmless
from tests.display.scenes import HOSTILE

REPORT = Report(
    [
        Issue("unread-key", "info", "keys were kept", 1234, ("a.json: x",), field="x", fate="kept"),
        Issue("bad-record", "error", "records are broken", 2),
        Issue("not-finite", "warning", "numbers are odd", 50, field="box", fate="invalid"),
    ]
)


def test_it_tells_every_issue() -> None:
    page = harmless(REPORT._repr_html_())
    for text in ("1,234", "unread-key", "keys were kept", "a.json: x", "kept", "error 2", "warning 50", "info 1,234"):
        assert text in page.text


def test_rows_know_their_place_in_every_order() -> None:
    rows = [attrs["style"] for attrs in harmless(report_html(REPORT)).of("tr") if "style" in attrs]
    assert rows == [
        "--severity:2;--count:0;--code:2;--field:1",
        "--severity:0;--count:2;--code:0;--field:2",
        "--severity:1;--count:1;--code:1;--field:0",
    ]


def test_the_order_is_chosen_without_a_script() -> None:
    page = harmless(report_html(REPORT))
    choices = [attrs for attrs in page.of("input") if attrs["type"] == "radio"]
    assert [attrs["class"] for attrs in choices if "checked" in attrs] == ["annokit-by-found"]
    for name in ("severity", "count", "code", "field"):
        assert f".annokit-report:has(.annokit-by-{name}:checked) tbody tr{{order:var(--{name})}}" in page.style


def test_nothing_to_tell() -> None:
    assert "nothing to report" in harmless(report_html(Report())).text


def test_hostile_text_is_shown_as_text() -> None:
    page = harmless(report_html(Report([Issue("lint", "info", HOSTILE, 1, (HOSTILE,), field=HOSTILE)])))
    assert page.text.count("<script>alert(1)</script>") == 3


def test_a_report_of_many_kinds_is_cut_and_says_so() -> None:
    html = report_html(Report([Issue("lint", "info", f"kind {n}") for n in range(2000)]))
    assert "and 1,500 more kinds" in harmless(html).text
