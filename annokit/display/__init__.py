"""Looking at data: shapes drawn on pictures, notebook HTML, plots, and a page for the browser.

Every module is imported by the one that needs it, so that nothing here loads before it is used.

============  ==========================================================================
module        what it makes
============  ==========================================================================
`colors`      the colour of each label
`marks`       what to draw of an annotation, in pixels: the one source of pictures and SVG
`draw`        pictures with shapes: one item, any image, a contact sheet
`item`        HTML of an item, and likewise `annotation`, `label`, `dataset`, `report`
`plot`        matplotlib axes (extra ``plot``)
`page`        one self-contained HTML page that browses a dataset
============  ==========================================================================
"""
