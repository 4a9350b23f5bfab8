import { stringifyJson } from '../manifests/json.ts';
import type { Intent, RunIntent } from '../storage/stores.ts';
import { cleanFact } from './clean-fact.ts';
import type { Fact, IntendedFacts } from './fact.ts';

/** All changes of a run: they are stored in one piece, and only to be told by a run that finds this one cut off. */
const MAX_CHANGES_BYTES = 8 * 1024 * 1024;

/** What a run is about to do, and the run itself. */
export interface Prepared {
  /** In order. */
  readonly intents: readonly Intent[];
  readonly run: RunIntent;
}

/** `newId` makes the ULID of a record (epoch milliseconds). */
export function prepareIntents({ runId, revision, startedAt, facts }: IntendedFacts, newId: (at: number) => string): Prepared {
  let bytes = 0;
  const intents = facts.map((each): Intent => {
    const fact = cleanFact(each);
    bytes += Buffer.byteLength(stringifyJson(fact.changes));
    return { runId, at: startedAt, id: newId(Date.parse(startedAt)), revision, fact: bytes <= MAX_CHANGES_BYTES ? fact : shortened(fact) };
  });
  return { intents, run: { runId, at: startedAt, id: newId(Date.parse(startedAt)), revision } };
}

function shortened(fact: Fact): Fact {
  if (fact.changes.length === 0) return fact;
  return { ...fact, changes: [{ path: `(${fact.changes.length} paths, left out for their size)` }] };
}
