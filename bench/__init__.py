"""What LeadLedger is measured by: `make bench`, or one script alone as in `python -m bench.imports`.

Machines vary, so every figure is a ratio of two pieces of work measured side by side in one run; absolute figures
stand beside it. Nothing here is a test: no run fails for being slow.
"""
