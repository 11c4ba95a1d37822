"""The commands of `t2s-bench`, one thin file each."""
