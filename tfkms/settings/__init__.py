"""The settings: what the owner of the gate writes down in `.tfkms.yaml`."""
