"""What Dataloop's own SDK makes of item documents, printed as JSON; run by a Python that has ``dtlpy``.

``python sdk_facts.py FILE...`` prints a list per file, an entry per annotation: type, label, edges, and what is in it.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")

import dtlpy  # noqa: E402 - it warns on import

ANSWERED = dict.fromkeys(("creator", "createdAt", "updatedBy", "updatedAt"))
"""What the platform adds to an annotation that is uploaded."""


def facts(path: str) -> list[dict[str, Any]]:
    """Return what the SDK reads out of a document."""
    document = json.loads(Path(path).read_bytes())
    metadata = document.get("metadata", document.get("itemMetadata", {}))
    system = metadata.get("system", {})
    video = system.get("mimetype", "").startswith("video") or bool(metadata.get("fps"))
    document["annotations"] = [{**ANSWERED, **note} for note in document["annotations"]]
    found = dtlpy.AnnotationCollection.from_json(
        document, is_video=video, fps=metadata.get("fps", 25), width=system.get("width"), height=system.get("height")
    )
    return [_fact(annotation, video) for annotation in found.annotations]


def _fact(annotation: Any, video: bool) -> dict[str, Any]:
    fact = {"type": annotation.type, "label": annotation.label, "attributes": annotation.attributes}
    if video:
        return {**fact, "object": annotation.object_id, "frames": dict(_frames(annotation))}
    if annotation.type in ("box", "segment", "polyline", "point", "binary"):
        fact["edges"] = _edges(annotation)
    if annotation.type in ("segment", "polyline", "point"):
        fact["points"] = annotation.geo.reshape(-1, 2).tolist()
    if annotation.type == "binary":
        fact["pixels"] = [list(annotation.geo.shape), annotation.geo.astype(bool).sum(axis=1).tolist()]
    return fact


def _frames(annotation: Any) -> Any:
    for frame in range(annotation.start_frame, annotation.end_frame + 1):
        annotation.set_frame(frame)
        yield frame, _edges(annotation)


def _edges(annotation: Any) -> list[float]:
    return [float(getattr(annotation, side)) for side in ("left", "top", "right", "bottom")]


if __name__ == "__main__":
    sys.stdout.write(json.dumps([facts(path) for path in sys.argv[1:]]))
