"""Checks KMS key policies and IAM policies in Terraform plans against eight guardrails, before apply."""

__version__ = "0.1.0"
