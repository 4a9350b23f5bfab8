import type { Fleet } from '../fleet.ts';
import { startRival } from '../rival.ts';
import { bothClusters, isAbout, recordsOf, SIX_TICKS_SECONDS } from './looks.ts';

/** Lets a program fight for a field while `story` goes on, until it is left alone. */
export async function besideFight(fleet: Fleet, story: () => Promise<void>): Promise<void> {
  const [enforced] = bothClusters(fleet);
  fleet.narration.step(
    'Let a program fight for a field',
    'From now on cost-bot sets 10m of CPU in the LimitRange whenever Git’s 50m is back.',
  );
  const rival = startRival(fleet, enforced);
  try {
    await story();
    fleet.narration.step(
      'See the fight end',
      'Three corrections in a quarter of an hour are enough: the field is left to its rival for a while.',
    );
    await fleet.narration.waitFor(`the field that ${rival.manager} wants is backed off from`, SIX_TICKS_SECONDS, async () => {
      const records = await recordsOf(fleet, enforced, 'drift');
      return records.find((record) => record.decision === 'backed-off' && isAbout(record, 'LimitRange', 'defaults'));
    });
    await fleet.plumbline('records', enforced.name, '--kind', 'drift', '--open');
  } finally {
    await rival.stop();
  }
}
