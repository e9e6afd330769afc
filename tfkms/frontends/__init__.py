"""From text to values: each front end turns one kind of input into a `Scan`."""
