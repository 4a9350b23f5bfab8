import type { Command } from 'commander';
import { NotFoundError } from './errors.ts';
import type { DefineCommand } from './leaf-command.ts';

export function imagesRelockCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'relock <reference>',
      description:
        'Locks an image reference to what its tag names now, from the next commit on. Earlier commits, deployed again or reverted to, keep their bytes.',
      examples: [
        [
          'images relock 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.4 --reason "rebuilt with the fixed base"',
          'takes the new bytes',
        ],
      ],
    },
    async (run, [reference = ''], options) => {
      const { printableReference, relockImage } = await import('../images/index.ts');
      const { images, clusters, state } = await run.deployment();
      const reason = String(options.reason);
      const entries = await clusters.list(run.signal);
      const rows = entries.flatMap((entry) => ('row' in entry ? [entry.row] : []));
      const asked = typeof options.repository === 'string' ? options.repository : undefined;
      const repositories = asked === undefined ? [...new Set(rows.map(({ repository }) => repository))] : [asked];
      const locked = [];
      for (const repository of repositories) {
        if ((await images.locks.list(repository, run.signal)).some((lock) => lock.reference === reference)) locked.push(repository);
      }
      const [repository, ...others] = locked;
      if (repository === undefined || others.length > 0) {
        const where =
          repository === undefined ? 'no repository of a registered cluster has a lock of it' : `it is locked in ${locked.join(', ')}`;
        throw new NotFoundError(
          `image ${printableReference(reference)}: ${where}. Write it as the manifests do, and give --repository where several have it.`,
        );
      }
      const { before, after } = await relockImage({ repository, reference, reason }, { ...images, clock: run.clock }, run.signal);
      if (after !== before) {
        // A commit that renders to the same as the last one would otherwise be published with its digests.
        for (const row of rows.filter((one) => one.repository === repository)) await state.update(row.cluster, { renderKey: null });
      }
      const recordedFor =
        after === before ? [] : await images.recordRelock({ repository, relocked: { before, after }, reason }, run.signal);
      run.output.lines([{ repository, before, after, recordedFor }]);
      run.output.text(() =>
        after === before
          ? `${printableReference(reference)} still names ${before.digest}; nothing to do.\n`
          : `${printableReference(reference)}: ${before.digest} → ${after.digest} (generation ${after.generation}), from the next commit on${recordedFor.length === 0 ? '' : `; recorded for ${recordedFor.join(', ')}`}.\n`,
      );
      return 0;
    },
    (command) =>
      command
        .requiredOption('--reason <text>', 'why, for those who ask later')
        .option('--repository <url>', 'the repository whose lock it is, where several have one'),
  );
}
