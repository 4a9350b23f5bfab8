import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type NormalisedObjects, normalise } from '../../../lib/manifests/normalise.ts';
import { parseManifests } from '../../../lib/manifests/parse.ts';

const FOLDER = fileURLToPath(new URL('../../fixtures/kinds/', import.meta.url));

/** One object or more of every kind that an API server keeps and a repository can hold, as people write them. */
export function kindsFixture(): NormalisedObjects {
  const values = readdirSync(FOLDER).flatMap((file) =>
    parseManifests(readFileSync(`${FOLDER}${file}`, 'utf8')).map((document) => {
      if ('problem' in document) throw new Error(`${file}:${document.line}: ${document.problem}`);
      return { where: `${file}:${document.line}`, value: document.value };
    }),
  );
  return normalise(values);
}
