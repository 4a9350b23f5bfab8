import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { thisHost } from '../../../../lib/local/host.ts';
import { stringifyJson } from '../../../../lib/manifests/json.ts';
import { describeObject, type KubernetesObject } from '../../../../lib/manifests/object.ts';
import type { WriterIdentity } from '../../../../lib/reconcile/index.ts';
import { formatPath } from '../../../../lib/reconcile/path.ts';
import { goProgram } from '../../../bench/go-programs.ts';
import { startLineProcess } from '../../../bench/line-process.ts';
import type { TestCluster } from '../../kubernetes/control-plane.ts';

/** What Flux's engine says of one object. */
export interface FluxVerdict {
  readonly action: string;
  /** Where it differs, down to the first list on the way. */
  readonly paths: readonly string[];
  /** Managers whose fields the controller takes over before it applies, so that what Git does not state goes; the dry-run does not tell. */
  readonly takesOver: readonly string[];
  /** The same where nothing would go, since these are the server's own defaults. */
  readonly rewrites: readonly string[];
  readonly error?: string;
}

export interface Flux extends AsyncDisposable {
  /** Of every object, as it is now. */
  verdicts(): Promise<ReadonlyMap<string, FluxVerdict>>;
}

const Verdicts = z.array(
  z.object({
    kind: z.string(),
    namespace: z.string(),
    name: z.string(),
    action: z.string(),
    error: z.string().optional(),
    paths: z.array(z.array(z.string())),
    takesOver: z.array(z.string()),
    rewrites: z.array(z.string()),
  }),
);

/**
 * Flux's engine on a cluster that ours keeps. It dry-runs the very objects that ours applies, our label included, under our field manager
 * and with force, as ours does: so that both claim the same fields, and have them from the start. Under a manager of its own it would own
 * nothing, and with its own labels every object would differ. What it makes of the two answers, and of others' fields, is all its own.
 */
export async function startFlux(
  server: TestCluster,
  { fieldManager }: WriterIdentity,
  objects: readonly KubernetesObject[],
): Promise<Flux> {
  const signal = AbortSignal.timeout(3_600_000);
  const program = await goProgram('flux', thisHost(process.env), console.error, signal);
  await using scope = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'plumbline-flux-'));
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'objects.json');
  await writeFile(file, stringifyJson({ apiVersion: 'v1', kind: 'List', items: objects }));
  const engine = scope.use(await startLineProcess(program, [server.controlPlane.kubeconfig, file, fieldManager], { env: {}, signal }));
  const owned = scope.move();
  return {
    async verdicts() {
      const verdicts = Verdicts.parse(JSON.parse(await engine.ask('')));
      return new Map(
        verdicts.map(({ action, paths, takesOver, rewrites, error, ...id }) => [
          describeObject(id),
          {
            action,
            paths: paths.map((steps) => formatPath(steps.map((field) => ({ field })))).toSorted(),
            takesOver,
            rewrites,
            ...(error === undefined ? {} : { error }),
          },
        ]),
      );
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
