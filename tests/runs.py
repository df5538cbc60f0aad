"""A small run that several files of tests begin, break off, resume and look at."""

TWO_CELLS = (
    *("run", "sine-online", "--adapters", "numpy", "--seeds", 2),
    *("--epochs", 20, "--rounds", 4, "--threads", 1),
)
