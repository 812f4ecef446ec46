list "soda_orchestration_service" "provisioning" {
  provider = soda

  config {
    group = "provisioning"
  }
}
