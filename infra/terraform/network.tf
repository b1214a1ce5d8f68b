# One fixed address for what talks to Snowflake: only where its network
# policy asks for it, for NAT costs money while nothing happens.
locals {
  egress = var.static_egress ? 1 : 0
}

resource "google_compute_network" "egress" {
  count = local.egress

  name                    = "${local.prefix}-egress"
  auto_create_subnetworks = false

  depends_on = [google_project_service.api]
}

resource "google_compute_subnetwork" "egress" {
  count = local.egress

  name                     = "${local.prefix}-egress"
  network                  = google_compute_network.egress[0].id
  region                   = var.region
  ip_cidr_range            = "10.8.0.0/24"
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

# Nothing comes in.
resource "google_compute_firewall" "egress" {
  count = local.egress

  name          = "${local.prefix}-nothing-in"
  network       = google_compute_network.egress[0].name
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "EXCLUDE_ALL_METADATA"
  }
}

resource "google_compute_address" "egress" {
  count = local.egress

  name   = "${local.prefix}-egress"
  region = var.region
}

resource "google_compute_router" "egress" {
  count = local.egress

  name    = "${local.prefix}-egress"
  network = google_compute_network.egress[0].id
  region  = var.region
}

resource "google_compute_router_nat" "egress" {
  count = local.egress

  name                               = "${local.prefix}-egress"
  router                             = google_compute_router.egress[0].name
  region                             = var.region
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = [google_compute_address.egress[0].id]
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}
