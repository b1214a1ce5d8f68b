# One job for each engine and size: an execution may override what it is told
# and how long it may take, never its processors or memory.
locals {
  sizes = {
    small  = { cpu = "1", memory = "2Gi" }
    medium = { cpu = "2", memory = "4Gi" }
    large  = { cpu = "4", memory = "16Gi" }
  }

  engine_jobs = merge([
    for engine, image in var.images : {
      for size, limits in local.sizes : "${engine}-${size}" => {
        account = engine
        image   = image
        command = null
        limits  = limits
        timeout = "86400s"
      }
    }
  ]...)

  jobs = merge(local.engine_jobs, {
    extract = {
      account = "extract-job"
      image   = var.images.native
      command = ["python", "-m", "mmmflow_worker.extract"]
      limits  = { cpu = "1", memory = "2Gi" }
      timeout = "21600s"
    }
  })
}

resource "google_cloud_run_v2_job" "job" {
  for_each = local.jobs

  name                = "${local.prefix}-${each.key}"
  location            = var.region
  deletion_protection = false

  template {
    task_count  = 1
    parallelism = 1

    template {
      service_account = google_service_account.job[each.value.account].email
      timeout         = each.value.timeout
      # An execution that the platform restarts finds its own claim.
      max_retries    = 0
      encryption_key = var.kms_key

      dynamic "vpc_access" {
        for_each = var.static_egress && each.key == "extract" ? [1] : []

        content {
          egress = "ALL_TRAFFIC"

          network_interfaces {
            network    = google_compute_network.egress[0].id
            subnetwork = google_compute_subnetwork.egress[0].id
          }
        }
      }

      containers {
        image   = each.value.image
        command = each.value.command

        resources {
          limits = each.value.limits
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
  }

  depends_on = [google_project_service.api]
}
