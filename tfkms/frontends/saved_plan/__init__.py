"""Saved plans (`terraform plan -out`), read without Terraform and without a provider."""
