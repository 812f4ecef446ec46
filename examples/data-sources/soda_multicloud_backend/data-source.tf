data "soda_multicloud_backend" "archive" {
  name = "archive"
}

# What a run of "migration bucket" takes as destBackend.
output "backend" {
  value = data.soda_multicloud_backend.archive.name
}
