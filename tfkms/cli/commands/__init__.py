"""The commands of `tfkms`: each module holds the click command of its own name, which returns the exit code."""
