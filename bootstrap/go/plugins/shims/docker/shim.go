// Package shim lies below the Docker provider's path because only there Go lets it import the provider's internal package.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// New is the Terraform provider for Docker.
func New(version string) *schema.Provider { return provider.New(version)() }
