import type { Command } from 'commander';
import type { ContainerTrace } from '../images/index.ts';
import { NotFoundError } from './errors.ts';
import type { DefineCommand } from './leaf-command.ts';
import { getCluster, requireRow } from './select-clusters.ts';

export function imagesTraceCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'trace <cluster> <pod>',
      description:
        'Follows each container of a pod from the commit to the bytes on its node. Exit status 2 unless all of them are known to be what Git meant.',
      examples: [['images trace prod-eu shop/web-6d4cf56db6-x2x9p', 'shows commit, reference, lock, index, manifest, config and node']],
    },
    async (run, [name = '', pod = '']) => {
      const { tracePod } = await import('../images/index.ts');
      const slash = pod.indexOf('/');
      if (slash <= 0) throw new NotFoundError(`pod ${pod}: write it as NAMESPACE/NAME.`);
      const deployment = await run.deployment();
      const row = requireRow(await getCluster(deployment.clusters, name, run.signal));
      const artifact = await deployment.desired(row, { type: 'artifact' }, run.signal);
      const asked = { namespace: pod.slice(0, slash), name: pod.slice(slash + 1) };
      const { pods, locks } = deployment.images;
      const traces = await run.progress(`reading ${pod}`, () => tracePod({ row, artifact }, asked, { ...pods, locks }, run.signal));
      run.output.lines(traces);
      run.output.text(() => traces.map(formatTrace).join('\n'));
      return traces.every(isMeant) ? 0 : 2;
    },
  );
}

function isMeant({ verdict, changed }: ContainerTrace): boolean {
  return (verdict === 'match' || verdict === 'alias') && changed === undefined;
}

const CHANGED = {
  'pod.ephemeral': 'a debug container: no template has it',
  'pod.injected': 'no template has it: an admission webhook adds it, or somebody did',
  'pod.image-patched': 'its image was changed after the pod was made',
} as const satisfies Record<NonNullable<ContainerTrace['changed']>, string>;

function verdictOf({ verdict, changed, imageId }: ContainerTrace): string {
  const words = verdict ?? (imageId === undefined ? 'not started' : 'not compared: its template has no digest');
  if (changed === undefined) return words;
  return verdict === undefined ? CHANGED[changed] : `${words}, and ${CHANGED[changed]}`;
}

/** Of a pod of an older template the commit is not known, but the one that its image was locked for. */
function commitOf({ revision, lock }: ContainerTrace): string {
  if (revision !== undefined) return revision;
  const first = lock === undefined || lock.firstRevision === '' ? '' : `; its image was first locked for ${lock.firstRevision}`;
  return `not the one that is desired now${first}`;
}

function formatTrace(trace: ContainerTrace): string {
  const { container, reference, lock, desired, children, config, builtFrom, imageId, node, platform } = trace;
  const lines: readonly (readonly [label: string, value: string | undefined])[] = [
    ['commit', commitOf(trace)],
    ['reference', reference],
    [
      'locked',
      lock && `${lock.digest} at ${lock.resolvedAt}, generation ${lock.generation}${lock.reason === undefined ? '' : ` (${lock.reason})`}`,
    ],
    ['template', desired],
    ...Object.entries(children).map(([child, digest]) => [child, digest] as const),
    ['config', config],
    ['built from', builtFrom],
    ['node', node && `${node}${platform === undefined ? '' : ` (${platform})`}`],
    ['image id', imageId],
    ['verdict', verdictOf(trace)],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  const body = lines.flatMap(([label, value]) => (value === undefined ? [] : [`  ${label.padEnd(width)}  ${value}\n`]));
  return `${container}\n${body.join('')}`;
}
