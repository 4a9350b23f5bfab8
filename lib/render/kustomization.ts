import { posix } from 'node:path';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../manifests/json.ts';
import { parseManifests } from '../manifests/parse.ts';

/** The names by which Kustomize knows its file, in its order. */
export const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

export function isKustomizationFile(name: string): boolean {
  return KUSTOMIZATION_FILES.some((known) => known === name);
}

/** What a kustomization refers to, as written. */
export interface KustomizationReferences {
  readonly references: readonly string[];
  /** Charts that it renders through Helm; their folders and values files are among the references. */
  readonly charts: readonly ChartReference[];
  /** False when something in it may refer to files in a way that is not known here. */
  readonly complete: boolean;
}

export interface ChartReference {
  readonly name: string;
  /** Where Kustomize looks for it, as written, and else downloads it to. */
  readonly folder: string;
}

const WITHOUT_REFERENCES: ReadonlySet<string> = new Set([
  'apiVersion',
  'kind',
  'metadata',
  'namespace',
  'namePrefix',
  'nameSuffix',
  'commonLabels',
  'commonAnnotations',
  'labels',
  'images',
  'imageTags',
  'replicas',
  'vars',
  'generatorOptions',
  'buildMetadata',
  'sortOptions',
]);

type ReadField = (value: JsonValue) => readonly string[];

const READ_FIELD: ReadonlyMap<string, ReadField> = new Map<string, ReadField>([
  ['resources', strings],
  ['bases', strings],
  ['components', strings],
  ['crds', strings],
  ['configurations', strings],
  ['patchesStrategicMerge', (value) => strings(value).filter((text) => !text.includes('\n'))],
  ['patches', (value) => fieldsOf(value, 'path')],
  ['patchesJson6902', (value) => fieldsOf(value, 'path')],
  ['replacements', (value) => fieldsOf(value, 'path')],
  ['openapi', (value) => fieldsOf([value], 'path')],
  ['configMapGenerator', generatorSources],
  ['secretGenerator', generatorSources],
  ['helmCharts', (value) => objects(value).flatMap(valuesFilesOf)],
  ['helmGlobals', () => []],
]);

/** Plugins' own configuration, which can name any file. */
const READ_PLUGINS: ReadonlySet<string> = new Set(['generators', 'transformers', 'validators']);

/** Reads the references of a kustomization. A text that cannot be read has none and is not complete. */
export function readKustomization(text: string): KustomizationReferences {
  const [document, ...more] = parseManifests(text);
  if (document === undefined || more.length > 0 || !('value' in document) || !isJsonObject(document.value)) {
    return { references: [], charts: [], complete: false };
  }
  const charts = chartsOf(document.value);
  const references = charts.map(({ folder }) => folder);
  let complete = true;
  for (const [field, value] of Object.entries(document.value)) {
    if (value === undefined || value === null || WITHOUT_REFERENCES.has(field)) continue;
    const read = READ_FIELD.get(field);
    if (read !== undefined) references.push(...read(value));
    else if (READ_PLUGINS.has(field)) references.push(...strings(value).filter((entry) => !entry.includes('\n')));
    if (read === undefined) complete = false;
  }
  return { references, charts, complete };
}

const DEFAULT_CHART_HOME = 'charts';

function chartsOf({ helmCharts, helmGlobals }: JsonObject): readonly ChartReference[] {
  const home = isJsonObject(helmGlobals) && typeof helmGlobals.chartHome === 'string' ? helmGlobals.chartHome : DEFAULT_CHART_HOME;
  return objects(helmCharts ?? null).flatMap(({ name, repo, version }) => {
    if (typeof name !== 'string') return [];
    // Kustomize's own way: what it downloaded once lies in a folder with the version in its name.
    const downloaded = typeof repo === 'string' && repo !== '' && typeof version === 'string' && version !== '';
    return [{ name, folder: posix.join(home, ...(downloaded ? [`${name}-${version}`] : []), name) }];
  });
}

function valuesFilesOf({ valuesFile, additionalValuesFiles }: JsonObject): readonly string[] {
  return [...(typeof valuesFile === 'string' ? [valuesFile] : []), ...strings(additionalValuesFiles ?? null)];
}

/** Whether Kustomize would take it for an address of another repository or a file to download. */
export function isRemoteReference(reference: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]*:/i.test(reference) ||
    /[?&](ref|version|timeout|submodules)=/.test(reference) ||
    /^[^/]+@[^/]+:/.test(reference) ||
    /^(www\.)?(github\.com|gitlab\.com|bitbucket\.org|dev\.azure\.com|ssh\.dev\.azure\.com)[/:]/i.test(reference) ||
    /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(:\d+)?\/.+(\.git\b|\/\/)/i.test(reference)
  );
}

function strings(value: JsonValue): readonly string[] {
  return isJsonArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function objects(value: JsonValue): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

function fieldsOf(value: JsonValue, field: string): readonly string[] {
  return objects(value).flatMap((item) => (typeof item[field] === 'string' ? [item[field]] : []));
}

function generatorSources(value: JsonValue): readonly string[] {
  return objects(value).flatMap((generator) => [
    ...strings(generator.files ?? null).map((entry) => entry.slice(entry.indexOf('=') + 1)),
    ...strings(generator.envs ?? null),
    ...(typeof generator.env === 'string' ? [generator.env] : []),
  ]);
}
