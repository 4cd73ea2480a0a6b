# No cluster is needed: neither Kubernetes nor Helm is asked.
mock_provider "helm" {}
mock_provider "kubernetes" {}

variables {
  image = { repository = "registry.example.org/sei" }
}

run "each_value_is_one_of_the_chart" {
  variables {
    database_ca = "-----BEGIN CERTIFICATE-----"
  }
  assert {
    condition = alltrue([for key in keys(local.values) :
      contains(keys(jsondecode(file("${path.module}/../../../chart/values.schema.json")).properties), key)
    ])
    error_message = "a value is set that the chart does not have"
  }
  assert {
    condition = alltrue(flatten([for section in ["image", "secrets", "route", "networkPolicy", "monitoring"] : [
      for key in keys(local.values[section]) :
      contains(keys(jsondecode(file("${path.module}/../../../chart/values.schema.json")).properties[section].properties), key)
    ]]))
    error_message = "a value is set that a section of the chart does not have"
  }
}

run "the_namespace_takes_restricted_pods_only" {
  assert {
    condition     = kubernetes_namespace_v1.this["this"].metadata[0].labels["pod-security.kubernetes.io/enforce"] == "restricted"
    error_message = "pods with more rights may run in the namespace"
  }
  assert {
    condition     = local.values.networkPolicy.enabled
    error_message = "the network policies are off"
  }
}

run "your_values_come_last" {
  variables {
    values = ["roles: { api: { replicas: 3 } }"]
  }
  assert {
    condition     = length(helm_release.this.values) == 2 && yamldecode(helm_release.this.values[1]).roles.api.replicas == 3
    error_message = "the values that were given are not the last"
  }
}

run "a_password_in_the_values_is_refused" {
  command = plan
  variables {
    values = ["settings: { database: { url: \"postgres://sei:hunter2@db/sei\" } }"]
  }
  expect_failures = [var.values]
}

run "a_route_needs_a_host" {
  command = plan
  variables {
    route = { kind = "ingress" }
  }
  expect_failures = [var.route]
}

run "the_tag_latest_is_refused" {
  command = plan
  variables {
    image = { repository = "registry.example.org/sei", tag = "latest" }
  }
  expect_failures = [var.image]
}
