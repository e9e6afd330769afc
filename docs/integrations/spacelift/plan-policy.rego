# A plan policy. Spacelift hides the values of a plan from its policies, so they cannot judge keys by themselves; what
# tfkms found is in the custom input. What fails the gate denies the run, the rest warns.
package spacelift

import rego.v1

report := input.third_party_metadata.custom.tfkms

deny contains "tfkms did not run" if not report

deny contains "tfkms found what fails the gate" if report.blocking

deny contains error if some error in report.errors

deny contains sprintf("%s %s: %s", [found.rule, found.address, found.message]) if {
	some found in report.findings
	found.blocking
}

warn contains sprintf("%s %s: %s", [found.rule, found.address, found.message]) if {
	some found in report.findings
	not found.blocking
}

warn contains sprintf("tfkms: %d findings more than there is room for", [report.omitted]) if report.omitted > 0
