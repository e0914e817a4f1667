"""What Terraform's provider for AWS makes, reads again to compare, and takes away."""

CHECKS = {}
