"""What differs between database servers: one file a dialect, all with the same `Link`."""
