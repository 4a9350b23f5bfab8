import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Pool } from 'undici';
import { z } from 'zod';
import { answerLines } from './answer-lines.ts';

const CONNECTIONS = 4;
const Settings = z.object({
  endpoint: z.string(),
  certificateAuthority: z.string(),
  adminToken: z.string(),
  objects: z.string(),
  applies: z.boolean(),
});
const ObjectList = z.object({
  items: z.array(
    z.looseObject({
      apiVersion: z.string(),
      kind: z.string(),
      metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
    }),
  ),
});
type AnyObject = z.infer<typeof ObjectList>['items'][number];

const settings = Settings.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
const { items } = ObjectList.parse(JSON.parse(readFileSync(settings.objects, 'utf8')));
const authorization = `Bearer ${settings.adminToken}`;
const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

await answerLines(async () => {
  const pool = new Pool(settings.endpoint, {
    connections: CONNECTIONS,
    connect: { ca: Buffer.from(settings.certificateAuthority, 'base64').toString('utf8') },
  });
  await (settings.applies ? applyAll(pool) : listAll(pool));
  await pool.close();
  return {};
});

async function applyAll(pool: Pool): Promise<void> {
  const { true: namespaces = [], false: rest = [] } = Object.groupBy(items, ({ kind }) => `${kind === 'Namespace'}`);
  for (const stage of [namespaces, rest]) await Promise.all(stage.map((object) => apply(pool, object)));
}

async function apply(pool: Pool, object: AnyObject): Promise<void> {
  await send(pool, 'PATCH', `${collectionOf(object, true)}/${object.metadata.name}?fieldManager=limit&force=true`, {
    headers: { authorization, 'content-type': 'application/apply-patch+yaml' },
    body: JSON.stringify(object),
  });
}

async function listAll(pool: Pool): Promise<void> {
  const paths = new Set(items.map((object) => collectionOf(object, false)));
  await Promise.all(
    [...paths].map((path) => send(pool, 'GET', path, { headers: { authorization, accept: METADATA, 'accept-encoding': 'gzip' } })),
  );
}

async function send(
  pool: Pool,
  method: 'GET' | 'PATCH',
  path: string,
  options: { readonly headers: Record<string, string>; readonly body?: string },
): Promise<void> {
  const { statusCode, headers, body } = await pool.request({ method, path, ...options });
  const bytes = Buffer.from(await body.arrayBuffer());
  const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
  if (statusCode >= 300) throw new Error(`${method} ${path}: ${statusCode} ${text.slice(0, 500)}`);
  JSON.parse(text);
}

function collectionOf({ apiVersion, kind, metadata: { namespace } }: AnyObject, ofOne: boolean): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = `${kind.toLowerCase()}${/(s|ss|x|ch)$/.test(kind) ? 'es' : 's'}`.replace(/([^aeou])ys$/, '$1ies');
  return ofOne && namespace !== undefined ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`;
}
