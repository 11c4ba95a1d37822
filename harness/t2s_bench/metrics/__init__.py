"""The metrics, one a file; `rows` holds every way to compare two results."""
