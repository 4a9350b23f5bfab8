/**
 * Render: from a folder of files to desired objects, through Kustomize or as plain manifests. Starts kubectl; reads nothing from outside the
 * folder's repository.
 */

export { type RenderDependencies, renderPath } from './render.ts';
export { RenderError, type RenderReason } from './render-error.ts';
export { type Tools, toolsIn } from './tools.ts';
