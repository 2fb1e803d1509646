// Package shim lies below the TLS provider's path because only there Go lets it import the provider's internal package.
package shim

import (
	"github.com/hashicorp/terraform-plugin-framework/provider"
	tls "github.com/hashicorp/terraform-provider-tls/internal/provider"
)

// New is the Terraform provider for keys and certificates.
func New() provider.Provider { return tls.New() }
