"""The parts of a field's form that are built, not typed: rules, choices, formulas. Each works without a script."""
