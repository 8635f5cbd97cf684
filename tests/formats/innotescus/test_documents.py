"""Documents of the platform come back value by value."""

from pathlib import Path

import annokit
from tests.formats.innotescus.documents import DOCUMENTS, parsed, put


def test_the_five_files_come_back_the_same(tmp_path: Path) -> None:
    source = put(tmp_path / "in", DOCUMENTS)
    assert [match.format for match in annokit.detect(source)] == ["innotescus"]
    report = annokit.write(annokit.read(source), tmp_path / "out", "innotescus")
    assert parsed(tmp_path / "out") == DOCUMENTS
    assert not report
