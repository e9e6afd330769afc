"""IAM's policy language: documents, sets of requests, and the decision. No files, no prose."""
