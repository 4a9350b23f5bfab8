import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject } from '../manifests/json.ts';
import { parseManifests } from '../manifests/parse.ts';
import { RenderError } from './render-error.ts';

/** Templates tell the time in seconds. */
const BETWEEN_MS = 1100;

/**
 * Renders twice, in different seconds, and resolves to the text. Throws `RenderError` (`NotRepeatable`), naming the first object that came out
 * otherwise: what is different at each render can be kept equal to nothing.
 */
export async function renderTwice(render: () => Promise<string>, where: string, signal: AbortSignal): Promise<string> {
  const started = Date.now();
  const first = await render();
  await sleep(Math.max(0, started + BETWEEN_MS - Date.now()), undefined, { signal });
  const second = await render();
  if (first === second) return first;
  throw new RenderError(
    'NotRepeatable',
    `${where}: two renders differ in ${differingObject(first, second)}. A template uses something random or the time (randAlphaNum, genCA, now); set a value that it uses instead.`,
  );
}

/** Pure: the first object of two renders that is not the same in both, for people. */
export function differingObject(first: string, second: string): string {
  const before = objectsOf(first);
  const after = objectsOf(second);
  const index = before.findIndex((object, at) => !isDeepStrictEqual(object, after[at]));
  const object = before[index] ?? after[before.length];
  if (object === undefined) return 'the order or the comments of what they print';
  const metadata = isJsonObject(object.metadata) ? object.metadata : {};
  const name = [metadata.namespace, metadata.name].filter((part) => typeof part === 'string').join('/');
  return `${typeof object.kind === 'string' ? object.kind : 'an object'} ${name === '' ? 'without a name' : name}`;
}

function objectsOf(text: string): readonly JsonObject[] {
  return parseManifests(text).flatMap((document) => ('value' in document && isJsonObject(document.value) ? [document.value] : []));
}
