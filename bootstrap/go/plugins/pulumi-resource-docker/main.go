// Command pulumi-resource-docker is the Pulumi plugin "docker": the Terraform provider for Docker behind Pulumi's
// bridge, with the names that the pulumi_docker SDK uses.
package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	sdkv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/shim"

	"bootstrap/plugins/shapes"
)

const version = "5.2.0"

func provider() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:              sdkv2.NewProvider(shim.New(version)),
		Name:           "docker",
		Version:        version,
		ResourcePrefix: "docker",
		// Names are stated where the bridge would make a plural of them, or a single value of a list.
		Config: map[string]*tfbridge.SchemaInfo{
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"docker_config": {Tok: "docker:index/serviceConfig:ServiceConfig"},
			"docker_container": {
				// Its name and its ports are taken as long as it exists.
				DeleteBeforeReplace: true,
				Fields: map[string]*tfbridge.SchemaInfo{
					"command":           {Name: "command"},
					"networks_advanced": {Name: "networksAdvanced"},
				},
			},
			"docker_image": {
				Tok:    "docker:index/remoteImage:RemoteImage",
				Fields: map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}},
			},
		},
	}
	info.MustComputeTokens(tokens.SingleModule("docker_", "index", tokens.MakeStandard("docker")))
	info.SetAutonaming(255, "-")
	return info
}

func main() {
	info := provider()
	shapes.PrintOnRequest(info)
	tfbridge.Main("docker", version, info, []byte("{}"))
}
