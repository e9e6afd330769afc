// Answers requests with @cloud-copilot/iam-simulate, a line of JSON each; the folder it is installed in is the argument.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const installed = createRequire(join(process.argv[2], 'package.json'))
const { runSimulation } = installed('@cloud-copilot/iam-simulate')

const named = (policies) => policies.map((policy, place) => ({ name: `p${place}`, policy }))
const levels = (policies) => policies.map((level, place) => ({ orgIdentifier: `l${place}`, policies: named(level) }))

for await (const line of createInterface({ input: process.stdin })) {
  const { principal, action, resource, account, context, documents } = JSON.parse(line)
  const simulation = {
    request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
    resourcePolicy: documents.key_policy,
    identityPolicies: named(documents.identity),
    permissionBoundaryPolicies: documents.boundary ? named([documents.boundary]) : undefined,
    sessionPolicy: documents.session ?? undefined,
    serviceControlPolicies: levels(documents.guards),
    resourceControlPolicies: levels(documents.resource_guards)
  }
  const { resultType, overallResult, errors, result } = await runSimulation(simulation, {})
  const answer =
    resultType === 'error'
      ? { error: errors }
      : { allowed: overallResult === 'Allowed', ignored: result?.ignoredContextKeys ?? [] }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
