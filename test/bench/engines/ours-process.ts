import diagnostics from 'node:diagnostics_channel';
import { readFileSync, writeFileSync } from 'node:fs';
import { ulid } from 'ulidx';
import { bearerToken, createKubernetesClient } from '../../../lib/kubernetes/index.ts';
import { type ReconcileDependencies, type RunResult, reconcileCluster } from '../../../lib/reconcile/index.ts';
import { createRecorder, createRecordIds } from '../../../lib/records/index.ts';
import { answerLines } from './answer-lines.ts';
import { openBenchClock } from './bench-clock.ts';
import { benchRow } from './bench-row.ts';
import { openMemory, openStored } from './bench-stores.ts';
import type { Answer } from './engine.ts';
import { OursSettings } from './ours-settings.ts';

const RUN_MILLISECONDS = 280_000;

const settings = OursSettings.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
const { endpoint, certificateAuthority, workload, storedIn } = settings;
const clock = openBenchClock(`${settings.kept}.clock`);
const row = benchRow(endpoint, certificateAuthority);
const { stores, readRow, keep } = await (storedIn === undefined
  ? openMemory(settings, row, clock)
  : openStored(storedIn, settings, row, clock));
const deps: ReconcileDependencies = {
  ...stores,
  artifacts: workload === 'cold-checkpoint' ? { ...stores.artifacts, getCheckpoint: async () => undefined } : stores.artifacts,
  connect: async () =>
    createKubernetesClient({ endpoint, certificateAuthority, authentication: bearerToken(settings.adminToken, 'bench') }),
  recorder: createRecorder({ records: stores.records, log: () => undefined, count: () => undefined, clock, createIds: createRecordIds }),
  clock,
  random: () => 0.5,
  deployment: 'bench',
};

/** The API server is asked by undici: what goes by Node's own client goes to AWS. */
let storageCalls = 0;
diagnostics.subscribe('http.client.request.start', () => {
  storageCalls += 1;
});

// Whatever was read to get here is not the engine's: from here on the most memory is counted anew.
writeFileSync('/proc/self/clear_refs', '5');
await answerLines(async (): Promise<Answer> => {
  // A minute is what the shortest interval sweeps.
  if (workload === 'no-drift-sweep') clock.advance(60);
  const callsBefore = storageCalls;
  const started = performance.now();
  await readRow();
  const result = await reconcileCluster(row, deps, {
    runId: ulid(),
    signal: AbortSignal.timeout(RUN_MILLISECONDS),
    // A tick's run leaves no record of its own when it has no news; the one in memory is asked what it did.
    ...(storedIn === undefined ? {} : { tickAt: clock.now() }),
  });
  const wallSecondsWithStorage = (performance.now() - started) / 1000;
  const did = whatItDid(result);
  return storedIn === undefined ? { did } : { did, storage: { wallSecondsWithStorage, storageCalls: storageCalls - callsBefore } };
});
await keep();

function whatItDid({ outcome, records }: RunResult): Answer['did'] {
  const run = records.find((record) => record.kind === 'run');
  if ((outcome !== 'in-sync' && outcome !== 'corrected') || (run?.failed ?? 0) > 0) {
    const failed = records.find((record) => record.error !== undefined);
    throw new Error(`the run ended as ${outcome}: ${failed?.error?.message ?? 'it gives no reason'}`);
  }
  return { created: run?.created ?? 0, changed: run?.corrected ?? 0 };
}
