// Command flux applies a set of objects with Flux's engine, as Flux's kustomize-controller does, once for each line of standard input.
//
//	flux KUBECONFIG OBJECTS
//	flux KUBECONFIG OBJECTS MANAGER
//
// OBJECTS is a JSON List. It prints one JSON line when it is ready, and one after each pass: how many objects it created, configured
// and left unchanged. With MANAGER, the name under which it claims fields, it writes nothing, and the line is its verdict of each object.
// It ends with its standard input.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	"github.com/fluxcd/pkg/ssa/utils"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// The controller's own default.
const concurrency = 4

var owner = ssa.Owner{Field: "kustomize-controller", Group: "kustomize.toolkit.fluxcd.io"}

func main() {
	ctrllog.SetLogger(logr.Discard())
	answer := func(manager *ssa.ResourceManager, manifest []byte) (any, error) { return pass(manager, manifest) }
	if len(os.Args) > 3 {
		owner.Field = os.Args[3]
		answer = func(manager *ssa.ResourceManager, manifest []byte) (any, error) { return diff(manager, manifest) }
	}
	if err := run(os.Args[1], os.Args[2], answer); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(kubeconfig, objectsFile string, answer func(*ssa.ResourceManager, []byte) (any, error)) error {
	manager, err := newManager(kubeconfig)
	if err != nil {
		return err
	}
	manifest, err := os.ReadFile(objectsFile)
	if err != nil {
		return err
	}
	answers := json.NewEncoder(os.Stdout)
	if err := answers.Encode(map[string]int{}); err != nil {
		return err
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		said, err := answer(manager, manifest)
		if err != nil {
			return err
		}
		if err := answers.Encode(said); err != nil {
			return err
		}
	}
	return nil
}

func newManager(kubeconfig string) (*ssa.ResourceManager, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	// The controller allows itself 50 requests a second; the engine is measured without that brake.
	config.QPS = -1
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	mapper, err := apiutil.NewDynamicRESTMapper(config, httpClient)
	if err != nil {
		return nil, err
	}
	kubeClient, err := client.New(config, client.Options{HTTPClient: httpClient, Mapper: mapper})
	if err != nil {
		return nil, err
	}
	manager := ssa.NewResourceManager(kubeClient, polling.NewStatusPoller(kubeClient, mapper, polling.Options{}), owner)
	manager.SetConcurrency(concurrency)
	return manager, nil
}

// pass is one reconciliation of the controller, from the built manifest on: normalise, label, and apply in stages what differs.
func pass(manager *ssa.ResourceManager, manifest []byte) (map[string]int, error) {
	objects, err := utils.ReadObjects(bytes.NewReader(manifest))
	if err != nil {
		return nil, err
	}
	if err := normalize.UnstructuredList(objects); err != nil {
		return nil, err
	}
	manager.SetOwnerLabels(objects, "bench", "flux-system")
	changes, err := manager.ApplyAllStaged(context.Background(), objects, applyOptions())
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, entry := range changes.Entries {
		counts[string(entry.Action)]++
	}
	return counts, nil
}

// applyOptions are those that the controller gives its engine.
func applyOptions() ssa.ApplyOptions {
	options := ssa.DefaultApplyOptions()
	disabled := map[string]string{
		owner.Group + "/reconcile": "disabled",
		owner.Group + "/ssa":       "ignore",
	}
	options.ExclusionSelector = disabled
	options.IfNotPresentSelector = map[string]string{owner.Group + "/ssa": "ifnotpresent"}
	options.ForceSelector = map[string]string{owner.Group + "/force": "enabled"}
	options.Cleanup = ssa.ApplyCleanupOptions{
		Annotations: []string{"kubectl.kubernetes.io/last-applied-configuration"},
		FieldManagers: []ssa.FieldManager{
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationApply},
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: "before-first-apply", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: owner.Field, OperationType: metav1.ManagedFieldsOperationUpdate},
		},
		Exclusions: map[string]string{owner.Group + "/ssa": "merge"},
	}
	return options
}
