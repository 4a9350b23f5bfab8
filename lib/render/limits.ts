import { MAX_MANIFEST_BYTES } from '../manifests/parse.ts';
import { RenderError } from './render-error.ts';

/** What one render may take. Beyond any of them it fails with an error that names the limit. */
export interface RenderLimits {
  /** Of one run of kubectl or Helm, and of whatever it starts. */
  readonly seconds: number;
  /** Of one such process, beside ours. Not enforced where the system has no such limit (macOS). */
  readonly memoryMegabytes: number;
  readonly objects: number;
  /** Manifests below a path, files of a chart, or files and folders that kustomizations lead to. */
  readonly files: number;
}

export const RENDER_LIMITS: RenderLimits = { seconds: 60, memoryMegabytes: 600, objects: 20_000, files: 10_000 };

/** Of one file that is rendered, and of what one build prints. */
export const MAX_FILE_BYTES = MAX_MANIFEST_BYTES;

export const MAX_FILE_MEGABYTES = MAX_FILE_BYTES / 1024 / 1024;

/** Of what a tool may write to a file, in megabytes: a base that it clones, a chart that it prints. */
export const MAX_WRITTEN_MEGABYTES = 200;

/** What a tool ran into, as an error of what it rendered. */
export function limitError(
  { limit, words }: { readonly limit: 'time' | 'size' | 'memory'; readonly words: string },
  where: string,
  remedy: string,
): RenderError {
  return new RenderError(limit === 'time' ? 'RenderTimeout' : 'RenderTooLarge', `${where}: ${words}. ${remedy}`);
}
