"""Property tests find the same examples every time; ``ANNOKIT_EXAMPLES=search`` looks for new ones."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("search" if os.environ.get("ANNOKIT_EXAMPLES") == "search" else "steady")
