"""What people ask of an input besides whether the guardrails hold: who may do what. Facts only, never a sentence."""
