"""What is measured, as it runs inside a stack: called by name from the scripts (`bench.inside`)."""
