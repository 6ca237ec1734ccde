"""modelc compiles PyTorch programs with data-dependent control flow ahead of time."""
