"""A page to browse the questions of one run or of two: SQL, results, schema and trace."""
