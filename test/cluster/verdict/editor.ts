import { Agent, request } from 'undici';
import type { ApiResource } from '../../../lib/kubernetes/index.ts';
import { objectPath } from '../../../lib/kubernetes/paths.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson, stringifyJson } from '../../../lib/manifests/json.ts';
import { describeObject, groupOf, type KubernetesObject, objectIdOf } from '../../../lib/manifests/object.ts';
import type { Random } from '../../helpers/random.ts';
import type { TestCluster } from '../kubernetes/control-plane.ts';
import { type Change, randomChange } from './change.ts';
import { EDIT_KINDS, type EditKind, type EditRequest, editRequest } from './patch.ts';

/** An edit that the server accepted, and that changed something. */
export interface Edit {
  /** `Deployment kinds/web` */
  readonly subject: string;
  readonly kind: EditKind;
  readonly manager: string;
  readonly change: Change;
}

export interface Editor {
  /** Edits random objects until so many edits were accepted. */
  edit(objects: readonly KubernetesObject[], count: number): Promise<readonly Edit[]>;
  /** Requests that the server refused so far. */
  readonly refused: number;
  close(): Promise<void>;
}

function versionOf({ metadata }: JsonObject): JsonValue | undefined {
  return isJsonObject(metadata) ? metadata.resourceVersion : undefined;
}

const MANAGERS = ['kubectl-edit', 'kubectl-patch', 'somebody', 'kube-controller-manager'];

/** Somebody with an administrator's rights and no plan. */
export async function createEditor(cluster: TestCluster, random: Random): Promise<Editor> {
  const { endpoint, certificateAuthority, adminToken } = cluster.controlPlane;
  const agent = new Agent({
    allowH2: false,
    connect: { ca: Buffer.from(certificateAuthority, 'base64').toString('utf8') },
  });
  const discovery = await cluster.client().discover(AbortSignal.timeout(30_000));
  let refused = 0;

  const send = async (path: string, edit?: EditRequest): Promise<JsonObject | undefined> => {
    const { statusCode, body } = await request(`${endpoint}${path}`, {
      method: edit?.method ?? 'GET',
      dispatcher: agent,
      headers: { authorization: `Bearer ${adminToken}`, ...(edit === undefined ? {} : { 'content-type': edit.contentType }) },
      body: edit === undefined ? null : stringifyJson(edit.body ?? null),
    });
    const text = await body.text();
    // An edit of a CustomResourceDefinition can end a kind, whose objects are then no JSON.
    const answer = statusCode < 300 ? parseJson(text) : undefined;
    return isJsonObject(answer) ? answer : undefined;
  };

  const resourceOf = ({ apiVersion, kind }: KubernetesObject): ApiResource => {
    const lookup = discovery.lookup(apiVersion, kind);
    if ('found' in lookup) return lookup.found;
    throw new Error(`${apiVersion} ${kind} is not served`);
  };

  const tryOne = async (object: KubernetesObject): Promise<Edit | undefined> => {
    const path = objectPath(resourceOf(object), objectIdOf(object));
    const live = await send(path);
    const change = live === undefined ? undefined : randomChange(live, object, random);
    if (live === undefined || change === undefined) return undefined;
    // Only built-in kinds have strategic merge patches.
    const kind = random.pick(
      groupOf(object.apiVersion).includes('example.com') ? EDIT_KINDS.filter((each) => each !== 'strategic patch') : EDIT_KINDS,
    );
    const manager = random.pick(MANAGERS);
    // The server's handler panics over some patches, and drops the connection.
    const answer = await send(`${path}?fieldManager=${manager}&fieldValidation=Strict`, editRequest(kind, live, change)).catch(
      () => undefined,
    );
    if (answer === undefined) refused += 1;
    else if (versionOf(answer) !== versionOf(live)) return { subject: describeObject(objectIdOf(object)), kind, manager, change };
    return undefined;
  };

  return {
    get refused() {
      return refused;
    },
    async edit(objects, count) {
      const edits: Edit[] = [];
      for (let attempt = 0; edits.length < count; attempt += 1) {
        if (attempt > count * 100) throw new Error(`only ${edits.length} of ${count} edits were accepted in ${attempt} attempts`);
        const edit = await tryOne(random.pick(objects));
        if (edit !== undefined) edits.push(edit);
      }
      return edits;
    },
    close: () => agent.close(),
  };
}
