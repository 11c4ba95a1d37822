"""What a set of scores says: intervals, slices, comparisons."""
