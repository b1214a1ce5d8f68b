# One job for each engine and size, and for each long step: an execution may override what it is told
# and how long it may take, never its processors or memory.
locals {
  # As functions/mmmflow/domain/jobs.py has them, by whose map a size is chosen.
  machines = {
    native = {
      small  = { vcpus = 1, gib = 2 }
      medium = { vcpus = 2, gib = 4 }
      large  = { vcpus = 4, gib = 16 }
    }
    robyn = {
      small  = { vcpus = 2, gib = 8 }
      medium = { vcpus = 4, gib = 16 }
      large  = { vcpus = 8, gib = 32 }
    }
  }

  engine_jobs = merge([
    for engine, sizes in local.machines : {
      for size, machine in sizes : "${engine}-${size}" => {
        account = engine
        image   = var.images[engine]
        command = null
        machine = machine
        timeout = "86400s"
      }
    }
  ]...)

  # Steps that go on in a job where a function's time would not do.
  step_jobs = {
    for step in ["extract", "ingest", "prepare"] : step => {
      account = "${step}-job"
      image   = var.images.native
      command = ["python", "-m", "mmmflow.job"]
      machine = { vcpus = 2, gib = 4 }
      timeout = "21600s"
    }
  }

  jobs = merge(local.engine_jobs, local.step_jobs)
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
          limits = { cpu = tostring(each.value.machine.vcpus), memory = "${each.value.machine.gib}Gi" }
        }

        dynamic "env" {
          for_each = merge(
            local.environment_variables,
            { MMMFLOW_IMAGE = each.value.image },
            lookup(local.own_variables, each.key, {}),
          )

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
