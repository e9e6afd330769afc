"""The resource types that take part in the joins, and the arguments by which they name principals."""

RESOURCE_TYPES = frozenset(
    {
        "aws_iam_role",
        "data.aws_iam_role",
        "aws_iam_user",
        "data.aws_iam_user",
        "aws_iam_group",
        "aws_iam_policy",
        "data.aws_iam_policy",
        "aws_iam_role_policy",
        "aws_iam_user_policy",
        "aws_iam_group_policy",
        "aws_iam_role_policy_attachment",
        "aws_iam_user_policy_attachment",
        "aws_iam_group_policy_attachment",
        "aws_iam_policy_attachment",
        "aws_iam_role_policy_attachments_exclusive",
        "aws_iam_user_policy_attachments_exclusive",
        "aws_iam_group_policy_attachments_exclusive",
        "aws_iam_role_policies_exclusive",
        "aws_iam_group_membership",
        "aws_iam_user_group_membership",
        "aws_ssoadmin_permission_set",
        "aws_ssoadmin_permission_set_inline_policy",
        "aws_ssoadmin_managed_policy_attachment",
        "aws_ssoadmin_customer_managed_policy_attachment",
        "aws_ssoadmin_permissions_boundary_attachment",
        "aws_ssoadmin_account_assignment",
        "aws_organizations_policy",
        "aws_organizations_policy_attachment",
        "aws_kms_grant",
    }
)
"""The resource types that take part."""

OWN = {"aws_iam_role_policy": "role", "aws_iam_user_policy": "user", "aws_iam_group_policy": "group"}
EXCLUSIVE = tuple(f"aws_iam_{word}_policy_attachments_exclusive" for word in ("role", "user", "group"))
ATTACHING = {
    "aws_iam_role_policy_attachments_exclusive": (("role_name", "role"),),
    "aws_iam_user_policy_attachments_exclusive": (("user_name", "user"),),
    "aws_iam_group_policy_attachments_exclusive": (("group_name", "group"),),
    "aws_iam_role_policy_attachment": (("role", "role"),),
    "aws_iam_user_policy_attachment": (("user", "user"),),
    "aws_iam_group_policy_attachment": (("group", "group"),),
    "aws_iam_policy_attachment": (("roles", "role"), ("users", "user"), ("groups", "group")),
}
