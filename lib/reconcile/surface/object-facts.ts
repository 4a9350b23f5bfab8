import { hash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from '../../manifests/json.ts';
import type { ManagedFieldsEntry, ObjectMeta } from '../../manifests/object.ts';
import { isApplyOf } from '../managed-fields.ts';

/**
 * What the metadata of an object says of changes to it, in a few bytes: as long as it stays the same, nobody has changed what we own, as far
 * as ownership shows. Its resourceVersion is no part of it, since status moves that all the time.
 */
export interface ObjectFacts {
  readonly uid: string;
  /** 0 of kinds that count none. */
  readonly generation: number;
  /**
   * Of every managed-fields entry that is not of the status, with its time, and of the labels, annotations and finalizers that we own. Field
   * sets hold no values, and what a label or annotation says is not secret: the hash is not keyed.
   */
  readonly fields: string;
  readonly terminating: boolean;
  /** Tells whether anything has moved, status too; what vouches for an object does not rest on it. */
  readonly resourceVersion?: string;
}

/** Undefined of what has no uid: such an object cannot be told from its successor. */
export function objectFacts(metadata: ObjectMeta, fieldManager: string): ObjectFacts | undefined {
  const { uid, generation = 0, deletionTimestamp, resourceVersion } = metadata;
  if (uid === undefined) return undefined;
  const version = resourceVersion === undefined ? {} : { resourceVersion };
  return { uid, generation, fields: hashFields(metadata, fieldManager), terminating: deletionTimestamp !== undefined, ...version };
}

export function sameFacts(a: ObjectFacts, b: Pick<ObjectFacts, 'uid' | 'generation' | 'fields'>): boolean {
  return a.uid === b.uid && a.generation === b.generation && a.fields === b.fields;
}

function hashFields(metadata: ObjectMeta, fieldManager: string): string {
  const entries = (metadata.managedFields ?? []).filter(({ subresource }) => subresource !== 'status');
  const owned = ownedMetadata(metadata, entries.find((entry) => isApplyOf(entry, fieldManager))?.fieldsV1);
  return shortHash([entries.map(inOrder), owned]);
}

/** In one order of its fields: of a custom resource the server writes them in another one in a list of metadata than it does in the object. */
function inOrder({ manager, operation, apiVersion, time, fieldsType, fieldsV1, subresource }: ManagedFieldsEntry): object {
  return { manager, operation, apiVersion, time, fieldsType, fieldsV1, subresource };
}

/** 96 bits of SHA-256: more than a cluster's objects need, and little to keep. */
export function shortHash(value: JsonValue | object): string {
  return hash('sha256', stringifyJson(value), 'base64url').slice(0, 16);
}

/** What the server keeps under names that we own, webhooks' later changes included. */
function ownedMetadata({ labels, annotations, finalizers }: ObjectMeta, fields: JsonObject | undefined): readonly object[] {
  const owned = childOf(fields, 'f:metadata');
  const finalizersOwned = childOf(owned, 'f:finalizers');
  return [
    valuesOf(labels, childOf(owned, 'f:labels')),
    valuesOf(annotations, childOf(owned, 'f:annotations')),
    (finalizers ?? []).filter((finalizer) => finalizersOwned[`v:${JSON.stringify(finalizer)}`] !== undefined),
  ];
}

const NOTHING: JsonObject = {};

function childOf(fields: JsonObject | undefined, name: string): JsonObject {
  const child = fields?.[name];
  return isJsonObject(child) ? child : NOTHING;
}

function valuesOf(
  values: Readonly<Record<string, string>> | undefined,
  owned: JsonObject,
): readonly (readonly [string, string | undefined])[] {
  return Object.keys(owned).flatMap((name) => {
    const key = name.slice(2);
    return name.startsWith('f:') ? [[key, values !== undefined && Object.hasOwn(values, key) ? values[key] : undefined] as const] : [];
  });
}
