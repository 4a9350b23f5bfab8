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
        'Follows each container of a pod from the commit to the bytes on its node. Exit status 2 when they are not what Git meant.',
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
      const traces = await run.progress(`reading ${pod}`, () => tracePod({ row, artifact }, asked, deployment.images.pods, run.signal));
      run.output.lines(traces);
      run.output.text(() => traces.map(formatTrace).join('\n'));
      return traces.every(({ verdict }) => verdict === undefined || verdict === 'match' || verdict === 'alias') ? 0 : 2;
    },
  );
}

function formatTrace(trace: ContainerTrace): string {
  const { container, revision, reference, lock, desired, children, config, builtFrom, imageId, node, platform, verdict } = trace;
  const lines: readonly (readonly [label: string, value: string | undefined])[] = [
    ['commit', revision],
    ['reference', reference],
    ['locked', lock && `${lock.digest} at ${lock.resolvedAt}, generation ${lock.generation}`],
    ['template', desired],
    ...Object.entries(children).map(([child, digest]) => [child, digest] as const),
    ['config', config],
    ['built from', builtFrom],
    ['node', node && `${node}${platform === undefined ? '' : ` (${platform})`}`],
    ['image id', imageId],
    ['verdict', verdict ?? 'not started'],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  const body = lines.flatMap(([label, value]) => (value === undefined ? [] : [`  ${label.padEnd(width)}  ${value}\n`]));
  return `${container}\n${body.join('')}`;
}
