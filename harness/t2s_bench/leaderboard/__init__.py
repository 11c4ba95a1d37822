"""Recorded runs side by side: standings with rank intervals, as Markdown, plots and a page."""
