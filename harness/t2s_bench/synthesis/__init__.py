"""Question–SQL pairs made for any SQLite database: sampled, worded, executed and labelled."""
