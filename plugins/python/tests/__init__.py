"""Tests of what needs no guest. Run them with `python3 -m unittest discover -t . tests`."""
