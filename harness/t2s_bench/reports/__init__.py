"""A run as people read it: terminal, Markdown, one question."""
