locals {
  # who may take which role: service accounts as the cluster's tokens name them
  trust = {
    backups = ["system:serviceaccount:${var.namespace}:${var.release}"]
    secrets = ["system:serviceaccount:${var.external_secrets.namespace}:${var.external_secrets.service_account}"]
  }

  readable_secrets = concat(
    [aws_secretsmanager_secret.database.arn, aws_secretsmanager_secret.kafka.arn],
    [for key in sort(keys(aws_secretsmanager_secret.own)) : aws_secretsmanager_secret.own[key].arn],
  )

  rights = {
    backups = [
      { Effect = "Allow", Action = ["s3:ListBucket", "s3:GetBucketLocation"], Resource = [aws_s3_bucket.backups.arn] },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
        Resource = ["${aws_s3_bucket.backups.arn}/*"]
      },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [aws_kms_key.this.arn] },
    ]
    secrets = [
      { Effect = "Allow", Action = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], Resource = local.readable_secrets },
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = [aws_kms_key.this.arn] },
    ]
  }
  services = { backups = "s3", secrets = "secretsmanager" }
}

resource "aws_iam_role" "workload" {
  for_each = local.trust
  name     = "${var.name}-${each.key}"
  tags     = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = local.oidc_provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.oidc_issuer}:aud" = "sts.amazonaws.com"
          "${local.oidc_issuer}:sub" = each.value
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "workload" {
  for_each = local.trust
  name     = each.key
  role     = aws_iam_role.workload[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # the key is used through the service alone
      for statement in local.rights[each.key] : merge(statement, startswith(statement.Action[0], "kms:") ? {
        Condition = { StringEquals = { "kms:ViaService" = "${local.services[each.key]}.${local.region}.amazonaws.com" } }
      } : {})
    ]
  })
}
