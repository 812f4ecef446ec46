output "id" {
  description = "ID of the volume in hotpot."
  value       = data.soda_block_volume.this.id
}

output "name" {
  description = "Name of the volume."
  value       = data.soda_block_volume.this.name
}

output "size" {
  description = "Size in GB."
  value       = data.soda_block_volume.this.size
}

output "status" {
  description = "Status of the volume: inUse, because the apply waits for it."
  value       = data.soda_block_volume.this.status
}
