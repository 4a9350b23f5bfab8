/**
 * Render: from a folder of files to desired objects, through Kustomize, Helm or as plain manifests. Starts kubectl and Helm; reads nothing
 * from outside the folder's repository, but bases at a commit where a row allows them.
 */

export type { ServerFacts } from './helm.ts';
export { RENDER_LIMITS, type RenderLimits } from './limits.ts';
export { kindOfFolder, type RenderDependencies, type RenderOptions, renderPath } from './render.ts';
export { RenderError, type RenderReason } from './render-error.ts';
export { toolVersions } from './tool-versions.ts';
export { type Tools, toolsIn } from './tools.ts';
