"""Codecs: what several file formats share, from reading a folder or ZIP to safe names and RLE; they know no dataset."""
