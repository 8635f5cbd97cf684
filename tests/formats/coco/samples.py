"""Documents of any size."""

from __future__ import annotations

from typing import Any


def many(images: int, annotations: int) -> dict[str, Any]:
    """Return a document with polygons on pictures of 64 x 48."""
    rows = [
        {
            "id": n,
            "image_id": n % images,
            "category_id": n % 3,
            "bbox": [1, 2, 10, 20 + n % 7],
            "area": 100.5,
            "iscrowd": 0,
            "segmentation": [[1, 2, 11, 2, 11.25, 20 + n % 7]],
        }
        for n in range(annotations)
    ]
    return {
        "images": [{"id": n, "file_name": f"{n}.png", "width": 64, "height": 48} for n in range(images)],
        "annotations": rows,
        "categories": [{"id": n, "name": f"class {n}"} for n in range(3)],
    }
