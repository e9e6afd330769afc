"""The functions of Terraform's language, in groups by what they are about."""
