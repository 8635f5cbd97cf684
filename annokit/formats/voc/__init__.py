"""Pascal VOC: an XML file per picture, with boxes; masks beside as PNGs with a palette.

Described at http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/devkit_doc.html, Dataloop's at
https://github.com/dataloop-ai-apps/dtlpy-converters, Innotescus' at its help page "Export formats", read in November
2026::

    <annotation>
        <folder>VOC2012</folder>
        <filename>2007_000027.jpg</filename>
        <size><width>486</width><height>500</height><depth>3</depth></size>
        <segmented>0</segmented>
        <object>
            <name>person</name> <pose>Unspecified</pose> <truncated>0</truncated> <difficult>0</difficult>
            <bndbox><xmin>174</xmin><ymin>101</ymin><xmax>349</xmax><ymax>351</ymax></bndbox>
        </object>
    </annotation>

============  ========================  =============  ==============================================================
dialect       files                     corners        attributes
============  ========================  =============  ==============================================================
(none)        ``Annotations/``          plain          elements of their own, and ``<attributes>`` with name and value
standard      ``Annotations/``          1-based,       likewise
                                        inclusive
dataloop      ``annotations/``          plain, floats  ``<attributes>`` with a Python dictionary or list
innotescus    beside each other         plain,         pose, truncated and difficult
                                        integers
============  ========================  =============  ==============================================================

How it is read
--------------
A file is an item, or several where annotations stand one behind the other. What it is called is told by the file's own
name and the ending of ``filename``; an object is an annotation. Which pixels ``xmax`` means can't be told from a file:
the dialect, or ``origin=``, says so, and ``annokit-voc.txt`` of a tree that annokit wrote. Corners stay as they are
written; ``pose``, ``truncated``, ``occluded`` and ``difficult`` are attributes, integers where their text is one.
``ImageSets/Main`` tells splits. Sizes that no XML states come from the headers of pictures in ``JPEGImages`` or beside.

In ``SegmentationObject`` number n is the nth object, which then is a mask with its box beside; an object that the XML
does not have is a mask of the class that ``SegmentationClass`` gives most of its pixels. Where there are no objects,
that gives a mask per class. Pixels of value 255 are kept as ``voc/void``.

Everything else is kept as ``voc/<element>``: texts, objects of texts where an element has children, lists where it
repeats. Extras that begin with ``#`` are no elements:

===========  =========================================================================================================
extra        meaning
===========  =========================================================================================================
``#absent``  of an object: usual elements that it lacks
``#v1``      of an object: its attributes are a list of names, in this order
``#attrib``  XML attributes of an annotation or object
``#value``   of a mask without label: its value in the PNG of classes
``void``     of an item: run lengths of the pixels to be ignored
===========  =========================================================================================================
"""

from __future__ import annotations

from annokit.formats.base import Format
from annokit.formats.voc.detection import detect
from annokit.formats.voc.dialects import DIALECTS
from annokit.formats.voc.holds import holds
from annokit.formats.voc.read import read
from annokit.formats.voc.write import write

FORMAT = Format(
    name="voc",
    title="Pascal VOC",
    sources=("http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/devkit_doc.html",),
    dialects=DIALECTS,
    detect=detect,
    read=read,
    write=write,
    holds=holds,
    tasks=frozenset(("detection", "instance", "semantic")),
    output="folder",
    suffix=".xml",
    places_media=True,
)
