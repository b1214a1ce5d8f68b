# The same archive, built as services where a function lacks the feature.

# The page for people, behind IAP, which takes all of its ingress.
resource "google_cloud_run_v2_service" "page" {
  provider = google-beta

  name                = "${local.prefix}-page"
  location            = var.region
  description         = "The status page, for people"
  ingress             = "INGRESS_TRAFFIC_ALL"
  iap_enabled         = true
  deletion_protection = var.protect

  build_config {
    source_location = "gs://${google_storage_bucket_object.archive.bucket}/${google_storage_bucket_object.archive.name}"
    function_target = "api"
    image_uri       = "${local.image_folder}/page"
    base_image      = local.base_image
    service_account = google_service_account.build.id
  }

  template {
    service_account                  = google_service_account.function["page"].email
    timeout                          = "60s"
    max_instance_request_concurrency = 40
    encryption_key                   = var.kms_key

    scaling {
      min_instance_count = 0
      max_instance_count = 5
    }

    containers {
      image          = "${local.image_folder}/page"
      base_image_uri = local.base_image

      resources {
        limits            = { cpu = "1", memory = "512Mi" }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = merge(local.environment_variables, local.own_variables.page)

        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }

  depends_on = [google_project_iam_member.build]
}

# Only IAP calls the page; whom it lets through is decided here and, again,
# by the code, which verifies IAP's signed header.
resource "google_cloud_run_v2_service_iam_member" "iap" {
  name     = google_cloud_run_v2_service.page.name
  location = var.region
  role     = "roles/run.invoker"
  member   = local.agents.iap
}

resource "google_iap_web_cloud_run_service_iam_member" "people" {
  provider = google-beta
  for_each = toset(concat(
    [for domain in var.people.domains : "domain:${domain}"],
    [for mail in concat(var.people.viewers, var.people.operators) : "user:${mail}" if !endswith(mail, ".gserviceaccount.com")],
  ))

  location               = var.region
  cloud_run_service_name = google_cloud_run_v2_service.page.name
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.value
}

# Whoever may call the API at all; the code decides what they may do.
resource "google_cloud_run_v2_service_iam_member" "api" {
  for_each = toset(concat(
    [for domain in var.people.domains : "domain:${domain}"],
    [for mail in concat(var.people.viewers, var.people.operators) :
    endswith(mail, ".gserviceaccount.com") ? "serviceAccount:${mail}" : "user:${mail}"],
  ))

  name     = google_cloudfunctions2_function.function["api"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.value
}

# extract, where it must leave through the fixed address.
resource "google_cloud_run_v2_service" "egress" {
  for_each = { for name, function in local.functions : name => function if contains(local.built_as_service, name) }

  name                = "${local.prefix}-${each.key}"
  location            = var.region
  description         = "Entry point ${each.key}, through the fixed address"
  ingress             = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  deletion_protection = var.protect

  build_config {
    source_location = "gs://${google_storage_bucket_object.archive.bucket}/${google_storage_bucket_object.archive.name}"
    function_target = each.key
    image_uri       = "${local.image_folder}/${each.key}"
    base_image      = local.base_image
    service_account = google_service_account.build.id
  }

  template {
    service_account                  = google_service_account.function[each.key].email
    timeout                          = "${each.value.timeout}s"
    max_instance_request_concurrency = each.value.concurrency
    encryption_key                   = var.kms_key

    scaling {
      min_instance_count = 0
      max_instance_count = each.value.instances
    }

    vpc_access {
      egress = "ALL_TRAFFIC"

      network_interfaces {
        network    = google_compute_network.egress[0].id
        subnetwork = google_compute_subnetwork.egress[0].id
      }
    }

    containers {
      image          = "${local.image_folder}/${each.key}"
      base_image_uri = local.base_image

      resources {
        limits            = { cpu = "1", memory = each.value.memory }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = merge(local.environment_variables, lookup(local.own_variables, each.key, {}))

        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }

  depends_on = [google_project_iam_member.build]
}

locals {
  image_folder = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
  base_image   = "${var.region}-docker.pkg.dev/serverless-runtimes/google-22-full/runtimes/python311"
}
