import type { Fleet } from '../fleet.ts';
import { bothClusters, runsWorker, TWO_TICKS_SECONDS, workerImage } from './looks.ts';

/** Takes an object out of Git. */
export async function removeFromGit(fleet: Fleet): Promise<void> {
  fleet.narration.step(
    'Take an object out of Git',
    'It is deleted once it has been gone from Git for a minute, and two runs have seen so.',
  );
  const revision = await fleet.repository.removeResource('platform', 'priority.yaml', 'Do without a priority of our own');
  fleet.narration.command(`git push   # ${revision.slice(0, 12)}: Do without a priority of our own`);
}

/** Commits another image of the worker, whose limits were just changed by hand. Returns the image that ran before. */
export async function commitNewVersion(fleet: Fleet): Promise<string> {
  fleet.narration.step(
    'Commit a new version of the worker',
    'One object, two causes: its image by a commit, its limits by hand. The records tell them apart.',
  );
  const [enforced] = bothClusters(fleet);
  const before = await workerImage(fleet, enforced);
  fleet.narration.say(`it runs ${before}`);
  await fleet.push('shop/worker', '1.1', 'the next version of the worker');
  const revision = await fleet.repository.change('apps/shop/worker.yaml', 'shop/worker:1.0', 'shop/worker:1.1', 'Release worker 1.1');
  fleet.narration.command(`git push   # ${revision.slice(0, 12)}: Release worker 1.1`);
  return before;
}

/** Reverts in Git: the very bytes that ran before run again, although their tag has moved meanwhile. */
export async function rollBack(fleet: Fleet, before: string): Promise<void> {
  fleet.narration.step('Roll back with git revert', 'shop/worker:1.0 names other bytes by now; the lock remembers those that ran.');
  const [enforced] = bothClusters(fleet);
  await fleet.repository.revertLast();
  fleet.narration.command('git revert --no-edit HEAD && git push');
  const image = await fleet.narration.waitFor(`${enforced.name} is back`, TWO_TICKS_SECONDS, () => runsWorker(fleet, enforced, '1.0'));
  if (image !== before) throw new Error(`rollback: ${image} runs, and ${before} ran before`);
  fleet.narration.say(`again:  ${image}`);
  await fleet.plumbline('records', enforced.name, '--kind', 'rollout', '--limit', '2');
}
