import type { ImageReference } from '../types.ts';
import type { ImageContents, ImageLookup, ImageRegistry, Resolution } from './registry.ts';

/**
 * A registry whose first question for digests also asks for these tags, so that what an audit wants of one repository is one call. Where nobody
 * asks for digests, tags are asked for alone.
 */
export function shareCalls(
  registry: ImageRegistry & ImageContents & ImageLookup,
  tags: readonly ImageReference[],
): { readonly registry: ImageRegistry; readonly contents: ImageContents } {
  let resolved: ReadonlyMap<string, Resolution> = new Map();
  let isAsked = false;
  return {
    contents: {
      config: (config, signal) => registry.config(config, signal),
      async manifests(images, signal) {
        if (isAsked) return await registry.manifests(images, signal);
        isAsked = true;
        const { resolutions, manifests } = await registry.lookUp(tags, images, signal);
        resolved = resolutions;
        return manifests;
      },
    },
    registry: {
      settings: (references, signal) => registry.settings(references, signal),
      async resolve(references, signal) {
        const unknown = references.filter(({ text }) => !resolved.has(text));
        return unknown.length === 0 ? resolved : new Map([...resolved, ...(await registry.resolve(unknown, signal))]);
      },
    },
  };
}
