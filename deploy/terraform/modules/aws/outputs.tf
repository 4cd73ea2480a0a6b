output "values" {
  description = "Values of the chart, for `values` of the module sei. They hold no secret, only where each one is."
  value = {
    settings = {
      database = { url = { file = "/run/secrets/sei/database-url" } }
      log = {
        kind       = "kafka"
        partitions = var.kafka.partitions
        kafka = {
          brokers     = aws_msk_cluster.this.bootstrap_brokers_sasl_scram
          replication = local.replication
          properties = {
            "security.protocol" = "sasl_ssl"
            "sasl.mechanism"    = "SCRAM-SHA-512"
            "sasl.username"     = "sei"
          }
          secret_properties = { "sasl.password" = { file = "/run/secrets/sei/kafka-password" } }
        }
      }
      backup = {
        url      = "s3://${aws_s3_bucket.backups.bucket}/sei"
        schedule = var.backup.schedule
        identity = { file = "/run/secrets/sei/backup-identity" }
      }
    }
    secrets = {
      external = {
        enabled = true
        store   = { kind = "ClusterSecretStore", name = var.external_secrets.store }
        data = merge(
          {
            "database-url"   = { key = aws_secretsmanager_secret.database.name, property = "url" }
            "kafka-password" = { key = aws_secretsmanager_secret.kafka.name, property = "password" }
          },
          { for key, secret in aws_secretsmanager_secret.own : key => { key = secret.name } },
        )
      }
    }
    networkPolicy  = { kafkaPorts = [local.kafka_port], postgresPorts = [5432] }
    serviceAccount = { annotations = { "eks.amazonaws.com/role-arn" = aws_iam_role.workload["backups"].arn } }
  }
}

output "cluster_name" {
  value = local.cluster_name
}

output "external_secrets_role_arn" {
  description = "For the annotation `eks.amazonaws.com/role-arn` of the operator's service account."
  value       = aws_iam_role.workload["secrets"].arn
}

output "database_address" {
  value = aws_db_instance.this.address
}

output "database_administrator_secret_arn" {
  description = "Where RDS keeps the password of the administrator."
  value       = one(aws_db_instance.this.master_user_secret[*].secret_arn)
}

output "database_secret_name" {
  description = "Where the password of the role sei is."
  value       = aws_secretsmanager_secret.database.name
}

output "secret_names" {
  description = "The secrets whose values you write."
  value       = sort([for secret in aws_secretsmanager_secret.own : secret.name])
}

output "backup_bucket" {
  value = aws_s3_bucket.backups.bucket
}
