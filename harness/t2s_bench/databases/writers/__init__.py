"""Writing copies of SQLite databases into servers: one file a dialect, all with one `Writer`."""
