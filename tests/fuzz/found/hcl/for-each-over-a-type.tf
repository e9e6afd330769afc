resource "aws_kms_key" "k" {
  for_each = { for n in`range(3) : "k${n}" => n if n != 1 }
  policy   = jsonencode({ Id = each.key, N000000000000 = each.vacue })
}
resource "aws_kms_key_policy" "p" {
  for_each = awS_k
  policy = jsonencode({ Id = aws_iam_role.r[count.index].name, All = aws_iam_role.r.*.name })
}
