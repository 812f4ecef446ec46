data "soda_block_profile" "gold" {
  name = "gold"
}

# What a run of "volume provision" takes as profile_id.
output "profile_id" {
  value = data.soda_block_profile.gold.id
}

output "disk_type" {
  value = lookup(jsondecode(data.soda_block_profile.gold.custom_properties), "diskType", null)
}
