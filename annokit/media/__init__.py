"""Image files: their kind, size and pixels, and finding them by name; nothing here knows a dataset."""
