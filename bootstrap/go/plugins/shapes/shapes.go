// Package shapes tells which properties a bridged plugin takes, so that a test can compare them with those of the SDK.
package shapes

import (
	"encoding/json"
	"os"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// PrintOnRequest ends a plugin that is called with the one argument --shapes after writing, as JSON, for the provider
// and each resource token the names of its properties and what each holds: a type's name, a list of one shape, or an
// object (whose only name is "*" when the keys are free).
func PrintOnRequest(info tfbridge.ProviderInfo) {
	if len(os.Args) != 2 || os.Args[1] != "--shapes" {
		return
	}
	all := map[string]any{"pulumi:providers:" + info.Name: object(info.P.Schema(), info.Config)}
	for name, resource := range info.Resources {
		if schema, ok := info.P.ResourcesMap().GetOk(name); ok {
			all[resource.Tok.String()] = object(schema.Schema(), resource.Fields)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(all); err != nil {
		panic(err)
	}
	os.Exit(0)
}

func object(fields shim.SchemaMap, infos map[string]*tfbridge.SchemaInfo) map[string]any {
	shapes := map[string]any{}
	fields.Range(func(name string, schema shim.Schema) bool {
		shapes[tfbridge.TerraformToPulumiNameV2(name, fields, infos)] = property(schema, infos[name])
		return true
	})
	return shapes
}

func property(schema shim.Schema, info *tfbridge.SchemaInfo) any {
	var inner *tfbridge.SchemaInfo
	var fields map[string]*tfbridge.SchemaInfo
	if info != nil {
		inner, fields = info.Elem, info.Fields
		if inner != nil {
			fields = inner.Fields
		}
	}
	var element any = "string"
	resource, isObject := schema.Elem().(shim.Resource)
	if isObject {
		element = object(resource.Schema(), fields)
	} else if of, ok := schema.Elem().(shim.Schema); ok {
		element = property(of, inner)
	}
	switch schema.Type() {
	case shim.TypeBool:
		return "bool"
	case shim.TypeInt:
		return "int"
	case shim.TypeFloat:
		return "float"
	case shim.TypeString:
		return "string"
	case shim.TypeMap:
		if isObject {
			return element
		}
		return map[string]any{"*": element}
	case shim.TypeList, shim.TypeSet:
		if tfbridge.IsMaxItemsOne(schema, info) {
			return element
		}
		return []any{element}
	default:
		return "any"
	}
}
