"""What a browser makes of the HTML; skipped where there is no Chromium."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from annokit.display.page import to_html
from tests.display.scenes import HOSTILE, hostile, pictures

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --virtual-time-budget=2000 --dump-dom"
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


def rendered(page: Path) -> str:
    """Return the document after its scripts have run."""
    command = [str(CHROMIUM), *OPTIONS.split(), f"--user-data-dir={page.parent / 'profile'}", page.as_uri()]
    return subprocess.run(command, capture_output=True, timeout=120, check=True).stdout.decode("utf-8")


def with_clicks(page: Path, script: str) -> Path:
    """Return a copy of the page that clicks by itself, without the policy that would forbid it."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text("utf-8"))
    copy = page.with_name("clicked.html")
    copy.write_text(text.replace("</body>", f"<script>{script}</script></body>"), "utf-8")
    return copy


def test_hostile_texts_run_nothing(tmp_path: Path) -> None:
    ds = hostile(tmp_path)
    to_html(ds, tmp_path / "page.html", title=HOSTILE)
    found = rendered(tmp_path / "page.html")
    assert "1 to 1 of 1 item" in found
    outputs = (ds._repr_html_(), ds[0]._repr_html_(), ds.labels._repr_html_(), ds.issues._repr_html_())
    watch = "<script>window.alert = () => document.title = 'broken'</script>"
    parts = f"<!doctype html><title>safe</title>{watch}{''.join(outputs)}"
    (tmp_path / "outputs.html").write_text(parts, "utf-8")
    assert "<title>safe</title>" in rendered(tmp_path / "outputs.html")


def test_the_page_filters_by_label_and_status(tmp_path: Path) -> None:
    to_html(pictures(tmp_path, 5), tmp_path / "page.html")
    assert "1 to 5 of 5 items" in rendered(tmp_path / "page.html")
    dog = "document.querySelectorAll('#annokit-labels input')[1].click();"
    found = rendered(with_clicks(tmp_path / "page.html", dog))
    assert "1 to 3 of 3 items" in found
    status = "const s = document.getElementById('annokit-status'); s.value = '3'; s.dispatchEvent(new Event('change'));"
    assert "1 to 2 of 2 items" in rendered(with_clicks(tmp_path / "page.html", dog + status))


def test_the_legend_hides_shapes_without_a_script(tmp_path: Path) -> None:
    html = pictures(tmp_path, 3)[2]._repr_html_()
    count = "[...document.querySelectorAll('.annokit-shape')].filter(e => getComputedStyle(e).display != 'none').length"
    page = tmp_path / "item.html"
    page.write_text(f"<!doctype html><title></title>{html}<script>document.title = {count}</script>", "utf-8")
    assert "<title>2</title>" in rendered(page)
    page.write_text(
        f"<!doctype html><title></title>{html}<script>document.querySelector('input').click();"
        f"document.title = {count}</script>",
        "utf-8",
    )
    assert "<title>1</title>" in rendered(page)


def test_the_output_of_a_notebook_works_where_it_is_opened(tmp_path: Path) -> None:
    notebook = Path(__file__).parents[2] / "notebooks" / "1_read_and_look.ipynb"
    cells = [cell for cell in json.loads(notebook.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    outputs = [output.get("data", {}).get("text/html") for cell in cells for output in cell["outputs"]]
    html = "".join("".join(output) for output in outputs if output)
    count = "[...document.querySelectorAll('.annokit-shape')].filter(e => getComputedStyle(e).display != 'none').length"
    order = "[...document.querySelectorAll('.annokit-report tbody tr')].map(e => getComputedStyle(e).order).join()"
    clicks = (
        f"const told = [{count}, {order}];"
        "const boxes = document.querySelectorAll('input[type=checkbox]'); boxes[boxes.length - 1].click();"
        "document.querySelectorAll('.annokit-report input[type=radio]')[1].click();"
        f"document.title = [...told, {count}, {order}].join('; ');"
    )
    page = tmp_path / "notebook.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><title></title>{html}<script>{clicks}</script>", "utf-8")
    found = re.search(r"<title>(.*?)</title>", rendered(page))
    assert found is not None
    shown, listed, left, sorted_rows = found[1].split("; ")
    assert (shown, left) == ("4", "3")
    assert listed != sorted_rows
