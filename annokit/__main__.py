"""``python -m annokit``."""

from annokit.cli.main import run

run()
