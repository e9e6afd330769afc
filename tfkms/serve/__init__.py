"""tfkms as a run task of HCP Terraform and Terraform Enterprise.

https://developer.hashicorp.com/terraform/cloud-docs/integrations/run-tasks. Needs the extra `tfkms[serve]`.
"""
