package main

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	"github.com/fluxcd/pkg/ssa/utils"
	"golang.org/x/sync/errgroup"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// verdict is what the engine says of one object, and would do about it.
type verdict struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// The engine's own word: created, configured, unchanged, skipped; empty where it failed.
	Action string `json:"action"`
	Error  string `json:"error,omitempty"`
	// Of a configured object, where it differs in what the engine compares, down to the first list on the way.
	Paths [][]string `json:"paths"`
	// Managers whose fields the controller takes over before it applies. The dry-run is made without that. TakesOver: the apply then removes
	// what the objects do not state of these. Rewrites: the server would have them all the same, as its defaults.
	TakesOver []string `json:"takesOver"`
	Rewrites  []string `json:"rewrites"`
}

// diff is the drift detection of the controller and of `flux diff`, object by object; nothing is written. The objects keep the labels that
// they have.
func diff(manager *ssa.ResourceManager, manifest []byte) ([]verdict, error) {
	objects, err := utils.ReadObjects(bytes.NewReader(manifest))
	if err != nil {
		return nil, err
	}
	if err := normalize.UnstructuredList(objects); err != nil {
		return nil, err
	}
	verdicts := make([]verdict, len(objects))
	group, ctx := errgroup.WithContext(context.Background())
	group.SetLimit(concurrency)
	for i, object := range objects {
		group.Go(func() (err error) {
			verdicts[i], err = judge(ctx, manager, object)
			return err
		})
	}
	return verdicts, group.Wait()
}

// judge keeps a refused dry-run as the object's own: the controller would end the whole pass there, and `flux diff` too.
func judge(ctx context.Context, manager *ssa.ResourceManager, object *unstructured.Unstructured) (verdict, error) {
	result := verdict{Kind: object.GetKind(), Namespace: object.GetNamespace(), Name: object.GetName(), Paths: [][]string{}, TakesOver: []string{}, Rewrites: []string{}}
	options := applyOptions()
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(object.GroupVersionKind())
	if err := manager.Client().Get(ctx, client.ObjectKeyFromObject(object), live); err == nil {
		if err := result.tryTakeover(ctx, manager.Client(), live, object, options.Cleanup.FieldManagers); err != nil {
			return result, err
		}
	}
	entry, existing, merged, err := manager.Diff(ctx, object, ssa.DiffOptions{
		Exclusions:           options.ExclusionSelector,
		IfNotPresentSelector: options.IfNotPresentSelector,
		ForceSelector:        options.ForceSelector,
	})
	if err != nil {
		result.Error = err.Error()
		return result, nil
	}
	result.Action = string(entry.Action)
	if existing != nil && merged != nil {
		result.Paths = differences(compared(existing), compared(merged), nil, result.Paths)
	}
	return result, nil
}

func (result *verdict) tryTakeover(
	ctx context.Context, server client.Client, live, object *unstructured.Unstructured, managers []ssa.FieldManager,
) error {
	applied := object.DeepCopy()
	// What is refused is the business of the diff.
	if err := server.Patch(ctx, applied, client.Apply, client.DryRunAll, client.ForceOwnership, client.FieldOwner(owner.Field)); err != nil {
		return nil
	}
	stated, err := fieldsOf(applied.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Manager == owner.Field && entry.Operation == metav1.ManagedFieldsOperationApply
	})
	if err != nil {
		return err
	}
	isTaken := func(entry metav1.ManagedFieldsEntry, manager ssa.FieldManager) bool {
		return strings.HasPrefix(entry.Manager, manager.Name) && entry.Operation == manager.OperationType && entry.Subresource == ""
	}
	// What others own too stays.
	kept, err := fieldsOf(live.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Manager != owner.Field && !slices.ContainsFunc(managers, func(manager ssa.FieldManager) bool { return isTaken(entry, manager) })
	})
	if err != nil {
		return err
	}
	for _, manager := range managers {
		theirs, err := fieldsOf(live.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool { return isTaken(entry, manager) })
		if err != nil {
			return err
		}
		beside := theirs.Leaves().Difference(stated).Difference(kept)
		switch {
		case beside.Empty():
		case areDefaults(ctx, server, live, beside):
			result.Rewrites = append(result.Rewrites, manager.Name)
		default:
			result.TakesOver = append(result.TakesOver, manager.Name)
		}
	}
	return nil
}

// areDefaults asks the server whether the object would have these fields without them too.
func areDefaults(ctx context.Context, server client.Client, live *unstructured.Unstructured, fields *fieldpath.Set) bool {
	without := live.DeepCopy()
	for path := range fields.All() {
		without.Object, _ = remove(without.Object, path).(map[string]any)
	}
	if err := server.Update(ctx, without, client.DryRunAll); err != nil {
		return false
	}
	same := apiequality.Semantic.DeepEqual
	return same(compared(live), compared(without)) && same(live.GetFinalizers(), without.GetFinalizers())
}

// remove returns the value without what is at the path; an item of a list goes as a whole.
func remove(value any, path fieldpath.Path) any {
	if len(path) == 0 {
		return nil
	}
	switch holder := value.(type) {
	case map[string]any:
		if path[0].FieldName == nil {
			return holder
		}
		name := *path[0].FieldName
		if child, found := holder[name]; found && len(path) > 1 {
			holder[name] = remove(child, path[1:])
		} else {
			delete(holder, name)
		}
		return holder
	case []any:
		for index, item := range holder {
			if !names(path[0], item) {
				continue
			}
			if len(path) == 1 {
				return slices.Delete(holder, index, index+1)
			}
			holder[index] = remove(item, path[1:])
		}
		return holder
	default:
		return value
	}
}

func names(element fieldpath.PathElement, item any) bool {
	if element.Value != nil {
		return apiequality.Semantic.DeepEqual((*element.Value).Unstructured(), item)
	}
	fields, isMap := item.(map[string]any)
	if element.Key == nil || !isMap {
		return false
	}
	for _, key := range *element.Key {
		if !apiequality.Semantic.DeepEqual(key.Value.Unstructured(), fields[key.Name]) {
			return false
		}
	}
	return true
}

func fieldsOf(entries []metav1.ManagedFieldsEntry, wanted func(metav1.ManagedFieldsEntry) bool) (*fieldpath.Set, error) {
	all := fieldpath.NewSet()
	for _, entry := range entries {
		if !wanted(entry) || entry.FieldsV1 == nil {
			continue
		}
		fields, err := ssa.FieldsToSet(*entry.FieldsV1)
		if err != nil {
			return nil, err
		}
		all = all.Union(&fields)
	}
	return all, nil
}

// compared is the part of an object that the engine compares.
func compared(object *unstructured.Unstructured) map[string]any {
	fields := object.DeepCopy().Object
	for _, hidden := range []string{"apiVersion", "kind", "metadata", "status"} {
		delete(fields, hidden)
	}
	metadata := map[string]any{"labels": map[string]any{}, "annotations": map[string]any{}}
	for name := range metadata {
		if values, found, err := unstructured.NestedMap(object.Object, "metadata", name); found && err == nil {
			metadata[name] = values
		}
	}
	fields["metadata"] = metadata
	return fields
}

func differences(live, merged any, path []string, found [][]string) [][]string {
	if apiequality.Semantic.DeepEqual(live, merged) {
		return found
	}
	liveFields, isMap := live.(map[string]any)
	mergedFields, areMaps := merged.(map[string]any)
	if !isMap || !areMaps {
		return append(found, slices.Clone(path))
	}
	for name, value := range liveFields {
		found = differences(value, mergedFields[name], append(path, name), found)
	}
	for name, value := range mergedFields {
		if _, known := liveFields[name]; !known {
			found = differences(nil, value, append(path, name), found)
		}
	}
	return found
}
