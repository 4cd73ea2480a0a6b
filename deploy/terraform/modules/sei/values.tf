locals {
  database_ca_name = "${var.release}-database-ca"

  values = {
    image = {
      repository  = var.image.repository
      tag         = var.image.tag
      digest      = var.image.digest
      pullSecrets = var.image.pull_secrets
    }
    secrets = { name = var.secret_name }
    route = {
      kind         = var.route.kind
      host         = var.route.host
      webhooksHost = var.route.webhooks_host
      ingress = {
        className   = var.route.ingress_class
        annotations = var.route.annotations
        tlsSecret   = var.route.tls_secret
      }
      gateway = { parents = var.route.gateways }
    }
    networkPolicy = { enabled = true, monitoringNamespace = var.monitoring.namespace }
    monitoring    = { enabled = var.monitoring.enabled, labels = var.monitoring.labels }
    extraVolumes = [
      for _ in var.database_ca[*] : { name = "database-ca", configMap = { name = local.database_ca_name } }
    ]
    extraVolumeMounts = [
      for _ in var.database_ca[*] : { name = "database-ca", mountPath = "/etc/sei-database", readOnly = true }
    ]
  }
}
