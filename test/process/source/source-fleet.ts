import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlumblineError } from '../../../lib/errors.ts';
import type { ClusterRow, ClusterState } from '../../../lib/fleet/cluster.ts';
import type { ClusterMessage } from '../../../lib/fleet/messages.ts';
import { createRecorder, createRecordIds } from '../../../lib/records/index.ts';
import type { Tools } from '../../../lib/render/index.ts';
import { type Artifact, type LockedSource, processRepository, type SourceDependencies } from '../../../lib/source/index.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { temporaryDirectory } from '../../helpers/git-repository.ts';
import { memoryRecordStore } from '../../helpers/memory-stores.ts';
import { testTools } from '../../helpers/tools.ts';

const signal = new AbortController().signal;
const tools = await testTools();

/** The real tools, and a count of how often each was started. */
function countedTools(): Tools & Disposable & { readonly runs: (tool: string) => number } {
  const folder = temporaryDirectory();
  const counted = (tool: keyof Tools): string => {
    const file = join(folder.path, tool);
    writeFileSync(file, `#!/bin/sh\necho >> '${file}.runs'\nexec '${tools[tool]}' "$@"\n`, { mode: 0o755 });
    writeFileSync(`${file}.runs`, '');
    return file;
  };
  return {
    kubectl: counted('kubectl'),
    helm: counted('helm'),
    runs: (tool) => readFileSync(join(folder.path, `${tool}.runs`), 'utf8').length,
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

export const row = (cluster: string, repository: string, rest: Partial<ClusterRow> = {}) =>
  clusterRow(cluster, { repository, path: 'app', ...rest });

/** A fleet in memory around the real Git and kubectl. */
export class Fleet implements Disposable {
  readonly rows = new Map<string, ClusterRow>();
  readonly states = new Map<string, ClusterState>();
  readonly artifacts = new Map<string, Artifact>();
  readonly messages: ClusterMessage[] = [];
  /** Paths whose images were locked. */
  readonly lockedPaths: string[] = [];
  readonly #tools = countedTools();
  readonly records = memoryRecordStore();
  blocked: LockedSource['blocked'] = {};
  exceptedUntil: LockedSource['exceptedUntil'];
  images: LockedSource['images'];
  now = new Date('2026-11-25T00:00:00Z');
  stateWrites = 0;
  readonly temporary = temporaryDirectory();

  add(...rows: readonly ClusterRow[]): void {
    for (const each of rows) this.rows.set(each.cluster, each);
  }

  run(repository: string, credentialsSecret?: string) {
    return processRepository(
      { repository, ...(credentialsSecret === undefined ? {} : { credentialsSecret }) },
      this.dependencies(),
      signal,
    );
  }

  dependencies(): SourceDependencies {
    const clock = { now: () => this.now };
    return {
      tools: this.#tools,
      git: { environment: process.env, allowInsecure: true },
      temporaryDirectory: this.temporary.path,
      recorder: createRecorder({ records: this.records, log: () => {}, count: () => {}, clock, createIds: createRecordIds }),
      clock,
      newRunId: () => 'poll',
      clusters: { list: async () => [...this.rows.values()].map((each) => ({ cluster: each.cluster, row: each })) },
      state: {
        list: async () => [...this.states.values()],
        get: async (cluster) => this.states.get(cluster),
        update: async (cluster, patch) => {
          this.stateWrites++;
          const merged = Object.entries({ ...this.states.get(cluster), cluster, ...patch }).filter(
            ([, value]) => value !== null && value !== undefined,
          );
          this.states.set(cluster, Object.fromEntries(merged) as unknown as ClusterState);
        },
      },
      artifacts: {
        put: async (artifact) => {
          const digest = `digest-of-${JSON.stringify([artifact.revision, artifact.reference, artifact.path, artifact.objects, artifact.blocked, artifact.images])}`;
          this.artifacts.set(digest, artifact);
          return digest;
        },
        get: async (digest) => {
          const artifact = this.artifacts.get(digest);
          if (artifact === undefined) throw new PlumblineError('ArtifactMissing', `artifact ${digest}: it is gone`);
          return artifact;
        },
        getApiVersions: async (digest) => digest.split(','),
      },
      readSecret: async () => '{"username":"git","token":"right"}',
      lockImages: async (rendered) => {
        this.lockedPaths.push(rendered.path);
        const { blocked, images } = this;
        const ends = this.exceptedUntil === undefined ? {} : { exceptedUntil: this.exceptedUntil };
        return { ...rendered, digests: [], findings: [], blocked, ...ends, ...(images === undefined ? {} : { images }) };
      },
      enqueue: async (message) => {
        this.messages.push(message);
      },
    };
  }

  /** How often kubectl was started; a render of a kustomization does that once. */
  get kubectlRuns(): number {
    return this.#tools.runs('kubectl');
  }

  /** How often Helm was started; a render of a chart does that twice. */
  get helmRuns(): number {
    return this.#tools.runs('helm');
  }

  desired(cluster: string): Artifact | undefined {
    return this.artifacts.get(this.states.get(cluster)?.desiredArtifact ?? '');
  }

  [Symbol.dispose](): void {
    this.temporary[Symbol.dispose]();
    this.#tools[Symbol.dispose]();
  }
}
