// Command pulumi-resource-tls is the Pulumi plugin "tls": the Terraform provider for keys and certificates behind
// Pulumi's bridge.
package main

import (
	"context"

	"github.com/hashicorp/terraform-provider-tls/shim"
	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"

	"bootstrap/plugins/shapes"
)

func main() {
	info := tfbridge.ProviderInfo{
		P:                              pf.ShimProvider(shim.New()),
		Name:                           "tls",
		Version:                        "5.6.2",
		MetadataInfo:                   tfbridge.NewProviderMetadata([]byte("{}")),
		EnableZeroDefaultSchemaVersion: true,
	}
	info.MustComputeTokens(tokens.SingleModule("tls_", "index", tokens.MakeStandard("tls")))
	shapes.PrintOnRequest(info)
	pf.Main(context.Background(), "tls", info, pf.ProviderMetadata{PackageSchema: []byte("{}")})
}
