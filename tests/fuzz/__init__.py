"""Random and mutated input: a little in every run, as much as is wanted by `make fuzz`."""
