data "soda_block_host" "database" {
  name = "db1"
}

# What a run of "volume provision" takes as host_id.
output "host_id" {
  value = data.soda_block_host.database.id
}
