import type { z } from 'zod';
import { isJsonObject, type JsonValue } from '../manifests/json.ts';
import { parseManifests } from '../manifests/parse.ts';
import { FIELD_LISTS, MANAGERS_KEYS } from './field-settings.ts';
import { HEALTH_KEYS } from './health-settings.ts';
import { IMAGES_KEYS } from './images-settings.ts';
import { nearest } from './nearest.ts';
import { POLICY_KEYS } from './policy-settings.ts';
import { PRUNE_KEYS } from './prune-settings.ts';
import { HELM_KEYS, PathSettings } from './settings.ts';

/** Beside the manifests of a path, and none of them. */
export const SETTINGS_FILE = 'plumbline.yaml';

const MAX_BYTES = 1024 * 1024;
const SHOWN = 80;

/** What `plumbline.yaml` says, or in words what is wrong with it. An empty file says nothing. */
export function parseSettings(text: string): { readonly settings: PathSettings } | { readonly problem: string } {
  if (Buffer.byteLength(text) > MAX_BYTES) return { problem: 'it has more than 1 MB; move values into a file that helm.valuesFiles names' };
  const [document, ...more] = parseManifests(text);
  if (document === undefined) return { settings: {} };
  if ('problem' in document) return { problem: `line ${document.line}: ${document.problem}` };
  if (more.length > 0) return { problem: 'it has more than one document; keep one' };
  if (!isJsonObject(document.value)) return { problem: `it is no map; accepted keys: ${keysAt([]).join(', ')}` };
  const { value } = document;
  const parsed = PathSettings.safeParse(value);
  return parsed.success
    ? { settings: parsed.data }
    : { problem: parsed.error.issues.flatMap((issue) => describeIssue(issue, value)).join('; ') };
}

/** The keys of each section, with what is accepted of them. */
const SECTIONS: Readonly<Record<string, Readonly<Record<string, { readonly accepted: string; readonly keys?: readonly string[] }>>>> = {
  helm: HELM_KEYS,
  images: IMAGES_KEYS,
  health: HEALTH_KEYS,
  managers: MANAGERS_KEYS,
  prune: PRUNE_KEYS,
};

/** Keys whose value is a list of rules, with what is accepted of it. */
const LISTS: Readonly<Record<string, { readonly accepted: string }>> = { ...POLICY_KEYS, ...FIELD_LISTS };

function describeIssue(issue: z.core.$ZodIssue, settings: JsonValue): readonly string[] {
  const path = issue.path.map(String);
  const [section = '', key] = path;
  const list = LISTS[section];
  if (list !== undefined && path.length > 0) {
    const wrong =
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((unknown) => `${[...path, unknown.slice(0, SHOWN)].join('.')} is not known`)
        : [`${path.join('.')} is ${shorten(valueAt(settings, path))}`];
    return wrong.map((what) => `key ${what}; accepted in ${section}: ${list.accepted}`);
  }
  const accepted = key === undefined ? undefined : SECTIONS[section]?.[key]?.accepted;
  if (issue.code === 'unrecognized_keys' && (accepted === undefined || keysAt(path).length > 0))
    return issue.keys.map((unknown) => unknownKey(path, unknown));
  if (issue.code === 'custom' && typeof issue.params?.problem === 'string') return [`key ${path.join('.')}: ${issue.params.problem}`];
  if (accepted === undefined) return [`key ${path.join('.')} is no map; accepted keys in it: ${keysAt(path).join(', ')}`];
  // A value of `values` may be a secret; those of the other keys are names.
  const shown = section === 'helm' && key === 'values' ? 'not a map' : shorten(valueAt(settings, path));
  return [`key ${path.join('.')} is ${shown}; accepted: ${accepted}`];
}

function unknownKey(path: readonly string[], key: string): string {
  const known = keysAt(path).map((name) => [...path, name].join('.'));
  const full = [...path, key.slice(0, SHOWN)].join('.');
  // A key of a section that was written a level too high is near too.
  const owner = path.length === 0 ? Object.keys(SECTIONS).find((section) => Object.hasOwn(SECTIONS[section] ?? {}, key)) : undefined;
  const meant = owner === undefined ? nearest(full, known) : `${owner}.${key}`;
  return `key ${full} is not known; ${meant === undefined ? '' : `did you mean ${meant}? `}accepted: ${known.join(', ')}`;
}

function keysAt([section, key, ...deeper]: readonly string[]): readonly string[] {
  if (section === undefined) return Object.keys(PathSettings.shape);
  if (key === undefined) return Object.keys(SECTIONS[section] ?? {});
  return deeper.length > 0 ? [] : (SECTIONS[section]?.[key]?.keys ?? []);
}

function valueAt(value: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(value)) return valueAt(value[Number(key)], rest);
  return isJsonObject(value) ? valueAt(value[key], rest) : undefined;
}

function shorten(value: JsonValue | undefined): string {
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'missing');
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
