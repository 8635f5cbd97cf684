"""Made annokit-1.annokit, the file of version 1 that every later annokit must read. Run it again for a new version only.

::

    python -m tests.data.make_annokit_1
"""

from pathlib import Path

from tests.formats.annokit_file.samples import sample, stored

PLACE = Path(__file__).with_name("annokit-1.annokit")

if __name__ == "__main__":
    PLACE.write_bytes(stored(sample()))
