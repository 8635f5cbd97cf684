"""``python -m annokit``."""

import sys

from annokit.cli.main import main

sys.exit(main())
