data "soda_block_availability_zones" "all" {}

output "zones" {
  value = data.soda_block_availability_zones.all.names
}
