/**
 * Settings: `plumbline.yaml`, the settings of a path that deserve review and so live in Git beside the manifests. Pure: from a text to what
 * it says, or to what is wrong with it.
 */
export { settingsSchema } from './json-schema.ts';
export { parseSettings, SETTINGS_FILE } from './parse.ts';
export type { PruneSettings } from './prune-settings.ts';
export type { DesiredSettings, HelmSettings, PathSettings } from './settings.ts';
