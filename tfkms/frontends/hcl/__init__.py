"""Terraform's language: files to blocks, blocks to syntax, syntax to values."""
