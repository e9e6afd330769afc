"""A configuration without a plan: its modules, evaluated as far as can be, as the resources that a plan would show."""
