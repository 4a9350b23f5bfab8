import type { Command } from 'commander';
import { UsageError } from './errors.ts';
import type { DefineCommand } from './leaf-command.ts';
import { rowItem } from './row-item.ts';
import { getCluster, requireItem, requireRow } from './select-clusters.ts';

export function clusterSetCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'set <cluster> <attribute=value...>',
      description: 'Changes attributes of a row; an empty value removes one. The README lists them.',
      examples: [
        ['cluster set prod-eu mode=enforce', 'lets it correct drift'],
        ['cluster set prod-eu branch=release interval=5m', 'follows another branch, every five minutes'],
        ['cluster set prod-eu grace=', 'goes back to the default'],
      ],
    },
    async (run, [name = '', ...assignments]) => {
      const changes = parseAssignments(assignments);
      const set = Object.fromEntries([...changes].filter(([, value]) => value !== ''));
      const remove = [...changes].filter(([, value]) => value === '').map(([attribute]) => attribute);
      const { clusters } = await run.deployment();
      const before = await getCluster(clusters, name, run.signal);
      // A row that is invalid already can only be judged as a whole once it is changed.
      if ('row' in before) await requireItem(withChanges(rowItem(before.row), set, remove), 'Nothing was changed.');
      await clusters.update(name, set, remove);
      const after = await getCluster(clusters, name, run.signal);
      const row = requireRow(after);
      run.output.lines([row]);
      run.output.text(() => `${name} is changed (${[...changes.keys()].join(', ')}). The next tick reads it.\n`);
      return 0;
    },
  );
}

function parseAssignments(assignments: readonly string[]): ReadonlyMap<string, string> {
  const changes = new Map<string, string>();
  for (const assignment of assignments) {
    const [, attribute, value] = /^([A-Za-z]+)=(.*)$/s.exec(assignment) ?? [];
    if (attribute === undefined || value === undefined) {
      throw new UsageError(`cluster set: "${assignment}" is not attribute=value, as in mode=enforce.`);
    }
    if (attribute === 'cluster')
      throw new UsageError('cluster set: a row cannot be renamed. Add it under the new name and remove this one.');
    if (changes.has(attribute)) throw new UsageError(`cluster set: ${attribute} is given twice. Give it once.`);
    changes.set(attribute, value);
  }
  return changes;
}

function withChanges(
  item: Readonly<Record<string, string | number>>,
  set: Readonly<Record<string, string>>,
  remove: readonly string[],
): Readonly<Record<string, string | number>> {
  return Object.fromEntries(Object.entries({ ...item, ...set }).filter(([attribute]) => !remove.includes(attribute)));
}
