"""Run directories: identity, records, running, scoring again."""
