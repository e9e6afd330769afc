"""What people and machines are told: reports on a scan (each form a module of `formats`), and the guardrails."""
