"""Annotations as text, and trees of them."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from annokit.codecs.palette import voc_palette
from annokit.media.bitmap import encode_label_bitmap

OBJECT = """	<object>
		<name>{name}</name>
		<pose>Frontal</pose>
		<truncated>1</truncated>
		<difficult>0</difficult>
		<bndbox>
			<xmin>{box[0]}</xmin>
			<ymin>{box[1]}</ymin>
			<xmax>{box[2]}</xmax>
			<ymax>{box[3]}</ymax>
		</bndbox>
	</object>
"""


def annotation(filename="a.jpg", objects="", size=(40, 30), more=""):
    """A document with elements in the official order."""
    sides = (
        f"	<size>\n		<width>{size[0]}</width>\n		<height>{size[1]}</height>\n		<depth>3</depth>\n	</size>\n"
        if size
        else ""
    )
    return f"<annotation>\n	<filename>{filename}</filename>\n{sides}{more}{objects}</annotation>\n"


def an_object(name="cat", box=(1, 2, 30, 20)):
    """An object with the usual elements."""
    return OBJECT.format(name=name, box=box)


def tree(root: Path, files: dict[str, Any]) -> Path:
    """Write files: text, bytes, arrays as PNGs with the palette, and pictures of 40 by 30 where there is None."""
    for name, held in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if held is None:
            Image.new("RGB", (40, 30)).save(path)
        elif isinstance(held, np.ndarray):
            path.write_bytes(encode_label_bitmap(held.astype(np.uint8), "palette", palette=voc_palette()))
        else:
            path.write_bytes(held if isinstance(held, bytes) else held.encode())
    return root
