import { X509Certificate } from 'node:crypto';
import type { Failure } from '../errors.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import { defaultProtocols, duplicateListKey } from './list-keys.ts';
import { describeObject, groupOf, type KubernetesObject, type ObjectId, type ObjectMeta, objectIdOf, objectKey } from './object.ts';
import { encodeStringData, invalidSecretKey } from './secrets.ts';

/** A value read from a manifest, with where it came from: `apps/web.yaml:12`. */
export interface LocatedValue {
  readonly where: string;
  readonly value: JsonValue;
}

/** Why a value could not become an object. `object` is there when its identity could be read. */
export interface NormaliseProblem extends Failure {
  readonly where: string;
  readonly object?: ObjectId & { readonly apiVersion: string };
}

export interface NormalisedObjects {
  readonly objects: readonly KubernetesObject[];
  readonly problems: readonly NormaliseProblem[];
}

/**
 * Turns the values of manifests into desired objects: Lists flattened; fields that only the server writes, and nulls, stripped; Secrets'
 * `stringData` encoded; the protocol of ports defaulted. Whatever cannot be applied as it is meant is a problem, and no object: no
 * apiVersion, kind or name, `generateName`, two list items of one key. Of two objects with one identity neither is an object.
 */
export function normalise(values: readonly LocatedValue[]): NormalisedObjects {
  const problems: NormaliseProblem[] = [];
  const found: { readonly where: string; readonly object: KubernetesObject }[] = [];
  for (const { where, value } of values.flatMap(flattenList)) {
    const result = normaliseOne(value);
    if ('object' in result) found.push({ where, object: result.object });
    else problems.push({ where, ...result.problem });
  }
  const byKey = Map.groupBy(found, ({ object }) => objectKey(objectIdOf(object)));
  for (const group of byKey.values()) {
    if (group.length < 2) continue;
    for (const { where, object } of group) {
      const others = group.filter((other) => other.object !== object).map((other) => other.where);
      problems.push({
        where,
        ...objectProblem(object, 'DuplicateIdentity', `is also in ${others.slice(0, 3).join(', ')}. None of them is applied; keep one.`),
      });
    }
  }
  return { objects: [...byKey.values()].flatMap((group) => (group.length === 1 ? group.map(({ object }) => object) : [])), problems };
}

/** The items of a List, and of Lists in it; any other value is itself. */
export function flattenList({ where, value }: LocatedValue): readonly LocatedValue[] {
  if (!isJsonObject(value) || typeof value.kind !== 'string' || !value.kind.endsWith('List') || !isJsonArray(value.items)) {
    return [{ where, value }];
  }
  const { apiVersion, kind } = value;
  // The items of a typed list, `ConfigMapList`, may leave out what the list's own kind says.
  const implied = kind === 'List' || apiVersion === undefined ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return value.items.flatMap((item) => flattenList({ where, value: isJsonObject(item) ? { ...implied, ...item } : item }));
}

type One = { readonly object: KubernetesObject } | { readonly problem: Omit<NormaliseProblem, 'where'> };

const API_VERSION = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const KIND = /^[A-Za-z][A-Za-z0-9]{0,62}$/;
/** A DNS name, a slash and a DNS label. */
const MAX_API_VERSION_LENGTH = 253 + 1 + 63;
const SERVER_METADATA = ['creationTimestamp', 'managedFields', 'resourceVersion', 'uid', 'generation', 'selfLink'];

function normaliseOne(value: JsonValue): One {
  const { apiVersion, kind, metadata: writtenMetadata, status: _status, ...body } = isJsonObject(value) ? value : {};
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isApiVersion(apiVersion) || !KIND.test(kind)) {
    const message =
      'it is no Kubernetes object: apiVersion and kind are missing or malformed. Add them, or move the file out of this path.';
    return { problem: { reason: 'NotAnObject', message } };
  }
  const read = readMetadata(kind, writtenMetadata);
  if ('problem' in read) return read;
  const named: KubernetesObject = { apiVersion, kind, metadata: read.metadata, ...withoutNulls(body) };
  const wrongKey = invalidSecretKey(named);
  if (wrongKey !== undefined)
    return { problem: objectProblem(named, 'InvalidSecret', `has a value in ${wrongKey} that is not a string; quote it.`) };
  const object = defaultProtocols(dropInvalidCaBundle(encodeStringData(named)));
  const duplicate = duplicateListKey(object);
  if (duplicate !== undefined) {
    return { problem: objectProblem(object, 'DuplicateListKey', `has two list items with one key: ${duplicate}. Remove one of them.`) };
  }
  return { object };
}

function isApiVersion(text: string): boolean {
  return text.length <= MAX_API_VERSION_LENGTH && API_VERSION.test(text);
}

function readMetadata(kind: string, written: JsonValue | undefined): { readonly metadata: ObjectMeta } | { readonly problem: Failure } {
  const entries = Object.entries(isJsonObject(written) ? withoutNulls(written) : {});
  const metadata = Object.fromEntries(entries.filter(([field]) => !SERVER_METADATA.includes(field)));
  if (metadata.generateName !== undefined) {
    const message = `${kind} with generateName: every run would create another one. Give it a metadata.name.`;
    return { problem: { reason: 'GenerateName', message } };
  }
  const { name, namespace, labels, annotations, ...rest } = metadata;
  if (typeof name !== 'string' || !isPathSegment(name)) {
    const message = `${kind}: metadata.name ${shown(name)} is not a name that Kubernetes accepts. Set it to a DNS name.`;
    return { problem: { reason: 'InvalidName', message } };
  }
  if (namespace !== undefined && (typeof namespace !== 'string' || (namespace !== '' && !isPathSegment(namespace)))) {
    const message = `${kind} ${name}: metadata.namespace ${shown(namespace)} is not a name that Kubernetes accepts.`;
    return { problem: { reason: 'InvalidName', message } };
  }
  const maps: Record<string, Readonly<Record<string, string>>> = {};
  for (const [field, map] of Object.entries({ labels, annotations })) {
    if (map === undefined) continue;
    if (!isStringMap(map)) {
      const message = `${kind} ${name}: metadata.${field} has a value that is not a string. Quote it.`;
      return { problem: { reason: 'InvalidMetadata', message } };
    }
    maps[field] = map;
  }
  return { metadata: { name, ...(namespace === undefined || namespace === '' ? {} : { namespace }), ...maps, ...rest } };
}

/** What the server's own check of path segments refuses would also change the URL that the object is written to. */
function isPathSegment(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && name.length <= 253 && !/[/%\s]/.test(name);
}

function isStringMap(value: JsonValue): value is Readonly<Record<string, string>> {
  return isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string');
}

/** Without fields that are null, at any depth: applied, they would claim a field that is not there. Items of lists stay. */
function withoutNulls(value: JsonObject): JsonObject {
  const kept = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(kept.map(([key, field]) => [key, cleaned(field)]));
}

function cleaned(value: JsonValue | undefined): JsonValue | undefined {
  if (isJsonArray(value)) return value.map((item) => (isJsonObject(item) ? withoutNulls(item) : (cleaned(item) ?? null)));
  return isJsonObject(value) ? withoutNulls(value) : value;
}

/** Generators leave a placeholder (`Cg==`) for an injector to fill; the server refuses the whole CRD for it. */
function dropInvalidCaBundle(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'CustomResourceDefinition' || groupOf(object.apiVersion) !== 'apiextensions.k8s.io') return object;
  const spec = childOf(object.spec);
  const conversion = childOf(spec.conversion);
  const webhook = childOf(conversion.webhook);
  const { caBundle, ...clientConfig } = childOf(webhook.clientConfig);
  if (caBundle === undefined || isCertificate(caBundle)) return object;
  return { ...object, spec: { ...spec, conversion: { ...conversion, webhook: { ...webhook, clientConfig } } } };
}

function childOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function isCertificate(caBundle: JsonValue): boolean {
  if (typeof caBundle !== 'string') return false;
  try {
    new X509Certificate(Buffer.from(caBundle, 'base64'));
    return true;
  } catch {
    return false;
  }
}

function objectProblem(object: KubernetesObject, reason: string, rest: string): Omit<NormaliseProblem, 'where'> {
  const id = objectIdOf(object);
  return { reason, message: `${describeObject(id)} ${rest}`, object: { ...id, apiVersion: object.apiVersion } };
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? '(none)' : JSON.stringify(String(value)).slice(0, 100);
}
