"""What is known of the condition keys of a request before it is made."""

from tfkms.iam.access import Absent, Keys, KeyState, Known, Undetermined
from tfkms.iam.key_values import Free
from tfkms.iam.pattern import literal
from tfkms.iam.principals import RootUser
from tfkms.values import Hole, Text

_BOOLEAN = (literal("true"), literal("false"))

_ROOT_CHOOSES: dict[str, KeyState] = {
    "aws:multifactorauthpresent": Free(_BOOLEAN),
    "aws:multifactorauthage": Free(),
    "aws:currenttime": Free(optional=False),
    "aws:epochtime": Free(optional=False),
    "aws:useragent": Free(),
    "kms:bypasspolicylockoutsafetycheck": Free(_BOOLEAN),
}
"""What a person who signs in as the root user can bring about alone."""

MOMENTS = {"aws:currenttime": "2026-01-01T00:00:00Z", "aws:epochtime": "1767225600"}
"""What a call holds in the keys that always tell its moment, where any will do as an example."""

_NEVER = (
    "aws:calledvia", "aws:federatedprovider", "aws:principalservicename", "aws:rolesessionname", "aws:sourceaccount",
    "aws:sourcearn", "aws:sourceidentity", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc", "aws:username",
    "aws:vpcsourceip", "aws:requesttag/", "aws:tagkeys", "kms:encryptioncontext", "kms:grant", "kms:requestalias",
    "kms:retiring", "kms:viaservice", "kms:recipientattestation",
)  # fmt: skip
"""Beginnings of the keys that a direct call of PutKeyPolicy by a root user never carries: those of services, networks,
sessions and other operations (IAM User Guide, reference_policies_condition-keys; KMS Developer Guide,
conditions-kms)."""

_ORGANIZATION = ("aws:principalorg", "aws:resourceorg")
_TAGS = ("aws:principaltag/", "aws:resourcetag/")
_NETWORK = ("aws:sourceip", "aws:vpceaccount", "aws:vpceorg")


def root_keys(root: RootUser, region: Text, organization: str | None, address: str) -> Keys:
    """The condition keys of PutKeyPolicy called directly by the root user of the key's own account.

    `organization` is the id of the account's organization, None if it is not known; `address` that of the key, for the
    reasons of what is not known.
    """
    known: dict[str, tuple[Text, ...]] = {
        "aws:principalarn": (root.arn,),
        "aws:principalaccount": (root.account,),
        "aws:principalisawsservice": ("false",),
        "aws:principaltype": ("Account",),
        "aws:requestedregion": (region,),
        "aws:resourceaccount": (root.account,),
        "aws:securetransport": ("true",),
        "aws:userid": (root.account,),
        "aws:viaawsservice": ("false",),
        "kms:calleraccount": (root.account,),
        "kms:policyname": ("default",),
    }
    if organization is not None:
        known |= {"aws:principalorgid": (organization,), "aws:resourceorgid": (organization,)}

    def state(name: str) -> KeyState:
        if name in known:
            return Known(known[name])
        if name in _ROOT_CHOOSES:
            return _ROOT_CHOOSES[name]
        if name.startswith(_NEVER):
            return Absent()
        return Undetermined(Hole(address, f"/{name}", _why_unknown(name)))

    return state


def _why_unknown(name: str) -> str:
    if name.startswith(_ORGANIZATION):
        return f"`{name}`: the account's organization is not known; set organization_id"
    if name.startswith(_NETWORK):
        return f"`{name}`: from where the root user will call is not known"
    if name.startswith(_TAGS):
        return f"`{name}`: tags of the request are not known"
    return f"`{name}`: what the root user's request holds there is not known"
