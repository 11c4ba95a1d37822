"""What builds the embedded benchmark `mini` and measures how strong its fillings are."""
