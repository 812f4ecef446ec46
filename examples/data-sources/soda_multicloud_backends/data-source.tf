data "soda_multicloud_backends" "aws" {
  type = "aws-s3"
}

output "regions" {
  value = { for b in data.soda_multicloud_backends.aws.backends : b.region => b.name... }
}
