environment    = "dev"
region         = "europe-west1"
default_engine = "native"
deploy_branch  = "dev"
protect        = false

retention_days = {
  uploads = 30
  runs    = 90
}
