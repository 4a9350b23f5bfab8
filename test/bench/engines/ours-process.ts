import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ulid } from 'ulidx';
import { bearerToken, createKubernetesClient } from '../../../lib/kubernetes/index.ts';
import { isJsonArray, isJsonObject, parseJson } from '../../../lib/manifests/json.ts';
import { normalise } from '../../../lib/manifests/normalise.ts';
import { type ReconcileDependencies, reconcileCluster } from '../../../lib/reconcile/index.ts';
import { createRecorder, createRecordIds } from '../../../lib/records/index.ts';
import type { Artifact } from '../../../lib/source/artifact.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { answerLines } from './answer-lines.ts';
import { openBenchClock } from './bench-clock.ts';
import { openKeptStores } from './kept-stores.ts';
import { OursSettings } from './ours-settings.ts';

const RUN_MILLISECONDS = 280_000;

const settings = OursSettings.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
const { endpoint, certificateAuthority, workload } = settings;
const clock = openBenchClock(`${settings.kept}.clock`);
const { stores, keep } = await openKeptStores(settings.kept, clock);
const row = clusterRow('bench', {
  connection: { type: 'endpoint', endpoint, certificateAuthority, clusterSecret: 'unused' },
  mode: 'enforce',
});
const desiredArtifact = createHash('sha256').update(settings.objects).digest('hex');
await stores.state.update(row.cluster, { desiredArtifact });

let artifact: Promise<Artifact> | undefined;
const deps: ReconcileDependencies = {
  ...stores,
  artifacts: {
    ...stores.artifacts,
    // Read by the first run and remembered, as a deployment's are.
    get: () => (artifact ??= readArtifact()),
    ...(workload === 'cold-checkpoint' ? { getCheckpoint: async () => undefined } : {}),
  },
  connect: async () =>
    createKubernetesClient({ endpoint, certificateAuthority, authentication: bearerToken(settings.adminToken, 'bench') }),
  recorder: createRecorder({
    records: stores.records,
    log: () => undefined,
    count: () => undefined,
    clock,
    createIds: createRecordIds,
  }),
  clock,
  random: () => 0.5,
  deployment: 'bench',
};

async function readArtifact(): Promise<Artifact> {
  const list = parseJson(await readFile(settings.objects, 'utf8'));
  const items = isJsonObject(list) && isJsonArray(list.items) ? list.items : [];
  return {
    schemaVersion: 1,
    repository: row.repository,
    reference: row.branch,
    revision: '1'.padStart(40, '0'),
    path: row.path,
    ...normalise(items.map((value, index) => ({ where: `bench.json:${index}`, value }))),
    digests: [],
    findings: [],
    blocked: {},
    renderedAt: '2026-01-01T00:00:00.000Z',
  };
}

// Whatever was read to get here is not the engine's: from here on the most memory is counted anew.
writeFileSync('/proc/self/clear_refs', '5');
await answerLines(async () => {
  // A minute is what the shortest interval sweeps.
  if (workload === 'no-drift-sweep') clock.advance(60);
  const { outcome, records } = await reconcileCluster(row, deps, { runId: ulid(), signal: AbortSignal.timeout(RUN_MILLISECONDS) });
  const run = records.find((record) => record.kind === 'run');
  if (run === undefined || run.failed > 0 || (outcome !== 'in-sync' && outcome !== 'corrected')) {
    const failed = records.find((record) => record.error !== undefined);
    throw new Error(`the run ended as ${outcome}: ${run?.error?.message ?? failed?.error?.message ?? 'it gives no reason'}`);
  }
  return { created: run.created, changed: run.corrected };
});
keep();
