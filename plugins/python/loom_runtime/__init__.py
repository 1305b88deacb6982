"""Runs a model's code. A package of its own, so that no file of the user's can have its name."""
