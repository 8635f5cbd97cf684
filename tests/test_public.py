"""The public names: all there, sorted, lazily loaded, and importing stays cheap."""

import subprocess
import sys

import pytest

import annokit

PINNED = {
    "Annotation", "Box", "Cuboid", "Dataset", "DatasetBuilder", "Ellipse", "Issue", "Item", "Keypoints", "Label", "LabelSet",
    "Limits", "Mask", "Point", "Polygon", "Polyline", "Report", "RotatedBox", "SavantClient", "Sequence", "TimeSpan",
    "concat", "convert", "detect", "fetch", "formats", "plan", "read", "write",
    "AmbiguousFormatError", "AnnokitError", "AuthError", "FetchError", "FormatError", "LossError", "MediaError",
    "MissingExtraError", "MissingSizeError", "UsageError",
}  # fmt: skip


def test_pinned_names_are_public():
    assert set(annokit.__all__) >= PINNED


@pytest.mark.parametrize("name", annokit.__all__)
def test_every_public_name_loads(name):
    assert getattr(annokit, name) is not None


def test_the_table_and_the_list_agree():
    assert set(annokit.__all__) == {*annokit._HOME_OF, "__version__"}
    assert dir(annokit) == list(annokit.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        annokit.nothing  # noqa: B018 - the access is what is tested


def test_importing_loads_no_heavy_module():
    script = (
        "import annokit, sys; heavy = [m for m in ('numpy', 'PIL', 'requests', 'pycocotools', 'msgspec', 'simdjson', 'orjson',"
        " 'tqdm', 'matplotlib') if m in sys.modules]; assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
