locals {
  new_cluster = var.cluster == null ? toset(["this"]) : toset([])
  node_policies = toset(var.cluster != null ? [] : [
    "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"
  ])

  cluster_name      = var.cluster != null ? var.cluster.name : aws_eks_cluster.this["this"].name
  oidc_provider_arn = var.cluster != null ? var.cluster.oidc_provider_arn : aws_iam_openid_connect_provider.this["this"].arn
  oidc_issuer       = split("oidc-provider/", local.oidc_provider_arn)[1]
  client_group      = var.cluster != null ? var.cluster.security_group_id : aws_eks_cluster.this["this"].vpc_config[0].cluster_security_group_id
}

resource "aws_iam_role" "cluster" {
  for_each = local.new_cluster
  name     = "${var.name}-cluster"
  tags     = local.tags

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "eks.amazonaws.com" }, Action = ["sts:AssumeRole", "sts:TagSession"] }]
  })
}

resource "aws_iam_role_policy_attachment" "cluster" {
  for_each   = local.new_cluster
  role       = aws_iam_role.cluster[each.key].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/AmazonEKSClusterPolicy"
}

resource "aws_eks_cluster" "this" {
  for_each = local.new_cluster
  name     = var.name
  role_arn = aws_iam_role.cluster[each.key].arn
  version  = var.new_cluster.version
  tags     = local.tags

  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }

  encryption_config {
    resources = ["secrets"]
    provider {
      key_arn = aws_kms_key.this.arn
    }
  }

  vpc_config {
    subnet_ids              = var.subnet_ids
    endpoint_private_access = true
    endpoint_public_access  = length(var.new_cluster.public_cidrs) > 0
    public_access_cidrs     = length(var.new_cluster.public_cidrs) > 0 ? var.new_cluster.public_cidrs : null
  }

  depends_on = [aws_iam_role_policy_attachment.cluster]
}

resource "aws_iam_openid_connect_provider" "this" {
  for_each       = local.new_cluster
  url            = aws_eks_cluster.this[each.key].identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]
  tags           = local.tags
}

resource "aws_iam_role" "nodes" {
  for_each = local.new_cluster
  name     = "${var.name}-nodes"
  tags     = local.tags

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "nodes" {
  for_each   = local.node_policies
  role       = aws_iam_role.nodes["this"].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${each.key}"
}

resource "aws_launch_template" "nodes" {
  for_each    = local.new_cluster
  name_prefix = "${var.name}-nodes-"
  tags        = local.tags

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = var.new_cluster.disk_gb
      volume_type = "gp3"
      encrypted   = true
    }
  }

  # pods have roles of their own, and don't get that of the node
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}

# The network policies of the chart count only with the agent of the CNI.
resource "aws_eks_addon" "network" {
  for_each             = local.new_cluster
  cluster_name         = aws_eks_cluster.this[each.key].name
  addon_name           = "vpc-cni"
  configuration_values = jsonencode({ enableNetworkPolicy = "true" })
  tags                 = local.tags
}

resource "aws_eks_node_group" "this" {
  for_each        = local.new_cluster
  cluster_name    = aws_eks_cluster.this[each.key].name
  node_group_name = var.name
  node_role_arn   = aws_iam_role.nodes[each.key].arn
  subnet_ids      = var.subnet_ids
  instance_types  = var.new_cluster.instance_types
  tags            = local.tags

  launch_template {
    id      = aws_launch_template.nodes[each.key].id
    version = aws_launch_template.nodes[each.key].latest_version
  }

  scaling_config {
    desired_size = var.new_cluster.min_nodes
    min_size     = var.new_cluster.min_nodes
    max_size     = var.new_cluster.max_nodes
  }

  update_config {
    max_unavailable = 1
  }

  # an autoscaler of the cluster may change it
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }

  depends_on = [aws_iam_role_policy_attachment.nodes, aws_eks_addon.network]
}
