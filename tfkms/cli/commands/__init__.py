"""The commands of `tfkms`: each module holds the click command of its own name, which returns the exit code."""

SUMMARIES = {
    "access": "Show who may do what with each key.",
    "can": "Say whether a principal may do an action on a key.",
    "completion": "Print the completion for a shell.",
    "explain": "Explain guardrails: what each demands, why, and how to mend.",
    "init": "Write a settings file to begin with.",
    "policies": "Show every policy document as it was resolved.",
    "rules": "List the guardrails, those of your own included.",
    "scan": "Judge plans and configurations before they are applied.",
    "schema": "Print the JSON Schema of a report or of the settings.",
    "serve": "Answer the run tasks of HCP Terraform.",
}
"""What each command does, in a line: the help of all of them imports none."""
