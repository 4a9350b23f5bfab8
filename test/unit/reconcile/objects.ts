import type { ApiResource } from '../../../lib/kubernetes/client.ts';
import { isJsonObject, type JsonObject } from '../../../lib/manifests/json.ts';
import { type KubernetesObject, type ManagedFieldsEntry, objectIdOf, objectKey } from '../../../lib/manifests/object.ts';
import { stageOf } from '../../../lib/manifests/order.ts';
import { type FieldRules, fieldRulesOf } from '../../../lib/reconcile/field-rules.ts';
import type { WriterIdentity } from '../../../lib/reconcile/identity.ts';
import type { Target } from '../../../lib/reconcile/target.ts';

/** What holds without any settings. */
export const NO_RULES: FieldRules = fieldRulesOf({ objects: [] });

export const IDENTITY: WriterIdentity = { fieldManager: 'plumbline-test-prod', owner: 'test.prod' };

/** A ConfigMap in `shop`, with more fields or others. */
export function configMap(fields: JsonObject = {}, metadata: JsonObject = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', ...fields, metadata: { name: 'settings', namespace: 'shop', ...metadata } };
}

/** A Deployment in `shop` whose pod spec is given. */
export function deployment(podSpec: JsonObject, metadata: JsonObject = {}): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    spec: { template: { spec: podSpec } },
  };
}

/** The object with these managed-fields entries. */
export function managed(object: KubernetesObject, ...managedFields: readonly ManagedFieldsEntry[]): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

/** Our own entry, of the fields of an object: objects in lists by `name`. */
export function ours(object: KubernetesObject): ManagedFieldsEntry {
  return { manager: IDENTITY.fieldManager, operation: 'Apply', apiVersion: object.apiVersion, fieldsV1: fieldsOf(object) };
}

/** Somebody's update of some fields, at some second of a minute. */
export function update(manager: string, fieldsV1: JsonObject, second = 0, subresource?: string): ManagedFieldsEntry {
  return {
    manager,
    operation: 'Update',
    time: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`,
    fieldsV1,
    ...(subresource === undefined ? {} : { subresource }),
  };
}

function fieldsOf({ apiVersion: _apiVersion, kind: _kind, metadata, ...body }: KubernetesObject): JsonObject {
  const { labels, annotations } = metadata;
  return { ...fieldSet(body), 'f:metadata': fieldSet({ labels, annotations }) };
}

function fieldSet(value: unknown): JsonObject {
  if (Array.isArray(value)) {
    if (!value.every((item) => isJsonObject(item) && typeof item.name === 'string')) return {};
    return Object.fromEntries(value.map((item) => [`k:{"name":"${item.name}"}`, { '.': {}, ...fieldSet(item) }]));
  }
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, child]) => (child === undefined ? [] : [[`f:${name}`, fieldSet(child)] as const])),
  );
}

const RESOURCE: ApiResource = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: [] };

/** A target as a run makes it of a desired object. */
export function target(object: KubernetesObject, fields: Partial<Target> = {}): Target {
  const id = objectIdOf(object);
  return { id, key: objectKey(id), object, resource: RESOURCE, stage: stageOf(object), moved: false, ...fields };
}
