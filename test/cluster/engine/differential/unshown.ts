import type { ApiResource, PatchOperation } from '../../../../lib/kubernetes/client.ts';
import { isJsonArray, type JsonValue } from '../../../../lib/manifests/json.ts';
import { describeObject, type KubernetesObject, objectIdOf } from '../../../../lib/manifests/object.ts';
import { OWNER_LABEL } from '../../../../lib/reconcile/index.ts';
import type { Setting } from './setting.ts';

const signal = (): AbortSignal => AbortSignal.timeout(10_000);

/** In kinds that count no generations, as all below: values, a secret one, all rules of a role. */
const BY_WEBHOOK: readonly (readonly [kind: string, name: string, path: string, value: JsonValue])[] = [
  ['ConfigMap', 'settings', '/data/LOG_LEVEL', 'debug'],
  ['Secret', 'database', '/data/password', 'b3RoZXI='],
  ['ClusterRole', 'kinds-reader', '/rules', []],
  ['ResourceQuota', 'compute', '/spec/hard/pods', '1'],
];
/** Lists whose items have keys. */
const REORDERED: readonly (readonly [kind: string, name: string, path: string, list: (object: KubernetesObject) => unknown])[] = [
  ['ServiceAccount', 'worker', '/secrets', ({ secrets }) => secrets],
  ['Service', 'web', '/spec/ports', ({ spec }) => new Map(Object.entries(spec ?? {})).get('ports')],
];
const UNDER_OUR_NAME = { kind: 'Lease', name: 'leader', field: 'leaseDurationSeconds' };

/** Makes changes under our own name, by a webhook, and of the order of lists; resolves to their subjects. */
export async function changeBehindOwnership(setting: Setting): Promise<readonly string[]> {
  return [await underOurName(setting), ...(await byWebhook(setting)), ...(await reorder(setting))];
}

async function byWebhook(setting: Setting): Promise<readonly string[]> {
  const subjects: string[] = [];
  for (const [kind, name, path, value] of BY_WEBHOOK) {
    const { live, resource } = await find(setting, kind, name);
    if (!(await setting.webhook.change(live, resource, [{ op: 'replace', path, value }])))
      throw new Error(`the webhook did not change ${kind} ${name}`);
    subjects.push(describeObject(objectIdOf(live)));
  }
  return subjects;
}

async function reorder(setting: Setting): Promise<readonly string[]> {
  const subjects: string[] = [];
  for (const [kind, name, path, listOf] of REORDERED) {
    const { live, resource } = await find(setting, kind, name);
    const list = listOf(live);
    if (!isJsonArray(list)) throw new Error(`${kind} ${name} has no list at ${path}`);
    await patch(setting, live, resource, [{ op: 'replace', path, value: list.toReversed() }]);
    subjects.push(describeObject(objectIdOf(live)));
  }
  return subjects;
}

/** Nothing shows it where it comes in the second of our own last write: then not even the time of our entry is another. */
async function underOurName(setting: Setting): Promise<string> {
  const { admin, cluster } = setting;
  const { kind, name, field } = UNDER_OUR_NAME;
  const { live, resource, desired } = await find(setting, kind, name);
  const subject = describeObject(objectIdOf(live));
  const metadata = { ...desired.metadata, labels: { ...desired.metadata.labels, [OWNER_LABEL]: cluster.identity.owner } };
  const theirs = { ...desired, metadata, spec: { ...Object(desired.spec), [field]: 99 } };
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await patch(setting, live, resource, [{ op: 'replace', path: `/spec/${field}`, value: 55 + attempt }]);
    await cluster.reconcile();
    await admin.apply(resource, theirs, { fieldManager: cluster.identity.fieldManager, dryRun: false }, signal());
    if (!(await setting.rehearse('checkpoint')).verified.has(subject)) return subject;
  }
  throw new Error('no write under our own name came in the second of ours');
}

async function patch({ admin }: Setting, live: KubernetesObject, resource: ApiResource, operations: readonly PatchOperation[]) {
  await admin.patch(resource, objectIdOf(live), operations, { fieldManager: 'kubectl-patch', dryRun: false }, signal());
}

/** One of the desired objects, as it is and as Git has it. */
async function find({ admin, desired }: Setting, kind: string, name: string) {
  const object = desired.objects.find((each) => each.kind === kind && each.metadata.name === name);
  const lookup = object === undefined ? undefined : (await admin.discover(signal())).lookup(object.apiVersion, kind);
  if (object === undefined || lookup === undefined || !('found' in lookup)) throw new Error(`the fixture has no ${kind} ${name}`);
  const live = await admin.get(lookup.found, objectIdOf(object), signal());
  if (live === undefined) throw new Error(`${kind} ${name} is not there`);
  return { live, resource: lookup.found, desired: object };
}
