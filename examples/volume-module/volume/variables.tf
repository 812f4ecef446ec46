variable "name" {
  description = "Name of the volume. Another name makes another volume."
  type        = string
}

variable "size" {
  description = "Size in GB. Another size makes another volume. The old one is deleted with its data if clean_up is set, else it stays."
  type        = number

  validation {
    condition     = var.size > 0 && floor(var.size) == var.size
    error_message = "The size must be a whole number of GB above 0."
  }
}

variable "host" {
  description = "Name of a host in hotpot."
  type        = string
}

variable "profile" {
  description = "Name of a profile in hotpot."
  type        = string
  default     = "default_block"
}

variable "clean_up" {
  description = "The workflow that deletes the volume when it is destroyed: the output workflow of the module clean-up. Without it the volume stays."
  type = object({
    service_id = string
    action     = string
    parameters = map(string)
  })
  default = null
}

variable "timeout" {
  description = "How long to wait for the run, for the attachment and for the clean-up, each: a duration such as 30m."
  type        = string
  default     = "30m"
}
