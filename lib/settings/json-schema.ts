import { z } from 'zod';
import { PathSettings } from './settings.ts';

/** The JSON Schema of `plumbline.yaml`: what `plumbline.schema.json` of the package holds, for editors. */
export function settingsSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(PathSettings, {
    unrepresentable: 'any',
    // The one value that is checked by code: a map of anything.
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'custom') jsonSchema.type = 'object';
    },
  });
  return { title: 'plumbline.yaml', description: 'Settings of a path that Plumbline keeps clusters equal to.', ...schema };
}
