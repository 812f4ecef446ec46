# A run that somebody else started. The dashboard shows its id.
data "soda_orchestration_instance" "by_hand" {
  id = "f703c29a-5058-46bd-a9f4-1d7b305e8218"
}

output "status" {
  value = data.soda_orchestration_instance.by_hand.status
}

output "size" {
  value = nonsensitive(jsondecode(data.soda_orchestration_instance.by_hand.input).size)
}
