output "namespace" {
  value = local.namespace
}

output "release" {
  value = helm_release.this.name
}

output "url" {
  description = "The address of the page and the API, where a route is set."
  value       = var.route.kind == "none" ? null : "https://${var.route.host}"
}
