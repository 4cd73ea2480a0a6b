locals {
  chart     = coalesce(var.chart, "${path.module}/../../../chart")
  namespace = var.create_namespace ? kubernetes_namespace_v1.this["this"].metadata[0].name : var.namespace
}

resource "kubernetes_namespace_v1" "this" {
  for_each = toset(var.create_namespace ? ["this"] : [])

  metadata {
    name = var.namespace
    labels = {
      "pod-security.kubernetes.io/enforce" = "restricted"
      "pod-security.kubernetes.io/warn"    = "restricted"
    }
  }
}

resource "kubernetes_config_map_v1" "database_ca" {
  for_each = toset(var.database_ca == null ? [] : ["this"])

  metadata {
    name      = local.database_ca_name
    namespace = local.namespace
  }
  data = { "ca.pem" = var.database_ca }
}

# The chart's schema checks the values, when this is planned.
resource "helm_release" "this" {
  name      = var.release
  namespace = local.namespace
  chart     = local.chart
  version   = var.chart_version
  values    = concat([yamlencode(local.values)], var.values)

  wait    = true
  timeout = var.timeout_secs
  # an upgrade that fails goes back to what ran; a migration of the schema stays, which old roles can work with
  atomic          = true
  cleanup_on_fail = true
  lint            = true
  max_history     = 10

  depends_on = [kubernetes_config_map_v1.database_ca]
}
