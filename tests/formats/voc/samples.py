"""Annotations as text."""

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
