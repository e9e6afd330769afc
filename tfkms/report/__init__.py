"""Reports: each format is a module that turns a `Report` into text."""
