import type { Command } from 'commander';
import { NotFoundError } from './errors.ts';
import type { DefineCommand } from './leaf-command.ts';

export function imagesEnforceImmutabilityCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'enforce-immutability <repository>',
      description: 'Keeps the tags of a repository in ECR from being overwritten. Says what it would change, and changes it with --apply.',
      examples: [
        ['images enforce-immutability 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web', 'says what would change'],
        [
          'images enforce-immutability 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web --except "dev-*" --apply',
          'leaves tags of development alone',
        ],
      ],
    },
    async (run, [text = ''], options) => {
      const { describeTagSettings, ecrHostOf, enforceImmutability, parseImageReference } = await import('../images/index.ts');
      const parsed = parseImageReference(text);
      if (parsed instanceof Error) throw parsed;
      const host = ecrHostOf(parsed.registry);
      if (host === undefined) throw new NotFoundError(`registry ${parsed.registry}: it is not private ECR, which alone has this setting.`);
      const { images } = await run.deployment();
      const except = Array.isArray(options.except) ? options.except.map(String) : [];
      const repository = { host, name: parsed.repository };
      const client = images.ecrFor(host);
      const changed = { ...host, name: parsed.repository };
      let change = await enforceImmutability(repository, { except, apply: false }, client, run.signal);
      let recordedFor: readonly string[] = [];
      if (options.apply === true && describeTagSettings(change.before) !== describeTagSettings(change.after)) {
        // Before the change: one that cannot be recorded is not made, and one that is cut off is not lost.
        await images.recordImmutability(changed, change, run.signal);
        change = await enforceImmutability(repository, { except, apply: true }, client, run.signal);
        recordedFor = await images.recordImmutability(changed, change, run.signal);
      }
      run.output.lines([{ repository: `${parsed.registry}/${parsed.repository}`, ...change, recordedFor }]);
      const [before, after] = [describeTagSettings(change.before), describeTagSettings(change.after)];
      run.output.text(() => {
        if (before === after) return `${parsed.repository}: ${before}; nothing to do.\n`;
        const recorded =
          recordedFor.length === 0
            ? `; no cluster uses it, so it is recorded for ${host.account}/${host.region}`
            : `; recorded for ${recordedFor.join(', ')}`;
        return `${parsed.repository}: ${before} → ${after}${change.applied ? recorded : ' (not done; add --apply)'}\n`;
      });
      return change.applied || before === after ? 0 : 2;
    },
    (command) =>
      command
        .option('--except <filter...>', 'tags that may still be overwritten; * stands for any characters')
        .option('--apply', 'change it, instead of saying what would change'),
  );
}
