data "soda_block_volumes" "failed" {
  status = "error"
}

# Volumes that hotpot could not make, by name.
output "failed" {
  value = { for v in data.soda_block_volumes.failed.volumes : v.name => v.id... }
}
