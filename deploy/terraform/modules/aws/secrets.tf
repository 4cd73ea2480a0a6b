# Values are written to Secrets Manager, and are neither in the state nor in a plan.
locals {
  database_query = "sslmode=verify-full&sslrootcert=/etc/sei-database/ca.pem"
}

resource "aws_secretsmanager_secret" "database" {
  name        = "${var.name}/database"
  description = "The role sei of PostgreSQL: username, password, url"
  kms_key_id  = aws_kms_key.this.arn
  tags        = local.tags
}

resource "aws_secretsmanager_secret_version" "database" {
  secret_id                = aws_secretsmanager_secret.database.id
  secret_string_wo_version = var.database.password_version
  secret_string_wo = jsonencode({
    username = "sei"
    password = var.passwords.database
    url      = "postgres://sei:${var.passwords.database}@${aws_db_instance.this.endpoint}/sei?${local.database_query}"
  })
}

# MSK takes secrets by this prefix, with a key of your own.
resource "aws_secretsmanager_secret" "kafka" {
  name        = "AmazonMSK_${var.name}"
  description = "The user sei of Kafka: username, password"
  kms_key_id  = aws_kms_key.this.arn
  tags        = local.tags
}

resource "aws_secretsmanager_secret_version" "kafka" {
  secret_id                = aws_secretsmanager_secret.kafka.id
  secret_string_wo_version = var.kafka.password_version
  secret_string_wo = jsonencode({
    username = "sei"
    password = var.passwords.kafka
  })
}

resource "aws_secretsmanager_secret_policy" "kafka" {
  secret_arn = aws_secretsmanager_secret.kafka.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "kafka.amazonaws.com" }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = aws_secretsmanager_secret.kafka.arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

# Without a value: you write it.
resource "aws_secretsmanager_secret" "own" {
  for_each    = setunion(var.secrets, ["backup-identity"])
  name        = "${var.name}/${each.key}"
  description = "${each.key} of the settings of sei"
  kms_key_id  = aws_kms_key.this.arn
  tags        = local.tags
}
