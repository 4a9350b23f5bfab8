import type { Command } from 'commander';
import { parseDurationOption } from './duration.ts';
import { UsageError } from './errors.ts';
import type { DefineCommand } from './leaf-command.ts';
import { getCluster } from './select-clusters.ts';

export function clusterSuspendCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'suspend <cluster>',
      description: 'Stops reconciling a cluster for a while. A suspension has an end and a reason.',
      examples: [['cluster suspend prod-eu --for 2h --reason "node upgrade"', 'leaves it alone for two hours']],
    },
    async (run, [name = ''], options) => {
      const reason = String(options.reason ?? '').trim();
      if (options.for === undefined || reason === '') {
        throw new UsageError(
          `suspend ${name}: --for and --reason are needed, so that it ends and people know why: --for 2h --reason "node upgrade".`,
        );
      }
      const seconds = parseDurationOption('--for', String(options.for));
      const { clusters } = await run.deployment();
      await getCluster(clusters, name, run.signal);
      const until = new Date(run.clock.now().getTime() + seconds * 1000).toISOString();
      await clusters.update(name, { suspendedUntil: until, suspendedReason: reason }, []);
      run.output.lines([{ cluster: name, suspendedUntil: until, suspendedReason: reason }]);
      run.output.text(
        () =>
          `${name} is suspended until ${until}. Nothing is observed or corrected until then, or until \`plumbline cluster resume ${name}\`.\n`,
      );
      return 0;
    },
    (command) => command.option('--for <duration>', 'how long: 30m, 2h, 3d').option('--reason <text>', 'why, for those who wonder'),
  );
}

export function clusterResumeCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'resume <cluster>',
      description: 'Ends a suspension now.',
      examples: [['cluster resume prod-eu', 'the next tick reconciles it again']],
    },
    async (run, [name = '']) => {
      const { clusters } = await run.deployment();
      await getCluster(clusters, name, run.signal);
      await clusters.update(name, {}, ['suspendedUntil', 'suspendedReason']);
      run.output.lines([{ cluster: name, resumed: true }]);
      run.output.text(() => `${name} is no longer suspended: the next tick reconciles it.\n`);
      return 0;
    },
  );
}
