"""Executing SQL: read-only, bounded, typed, in killable workers."""
