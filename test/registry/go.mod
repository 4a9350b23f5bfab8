// A plain OCI registry as a tool of a module, so that the ordinary Go client fetches and builds it for the tests.
module plumbline.dev/registry

go 1.26

tool github.com/google/go-containerregistry/cmd/registry

require github.com/google/go-containerregistry v0.22.1 // indirect
