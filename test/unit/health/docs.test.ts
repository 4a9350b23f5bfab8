import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { assessHealth, healthPolicy } from '../../../lib/health/index.ts';
import { parseSettings } from '../../../lib/settings/index.ts';
import { object } from './from-yaml.ts';

const PAGE = join(import.meta.dirname, '../../../docs/health.md');

async function examples() {
  const blocks = (await readFile(PAGE, 'utf8')).matchAll(/```yaml\n([\s\S]*?)```/g);
  return [...blocks].map(([, text = '']) => {
    const read = parseSettings(text);
    if ('problem' in read) throw new Error(read.problem);
    return healthPolicy(read.settings.health);
  });
}

it('shows settings that are accepted and say what the page says', async () => {
  const [deadline, expressions] = await examples();
  expect(deadline?.deadlineSeconds).toBe(900);
  const status = (yaml: string) => assessHealth(object(yaml), expressions?.rules ?? new Map()).status;
  const rollout = 'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n';
  expect(['Progressing', 'Degraded', 'Healthy', 'Paused'].map((phase) => status(`${rollout}status: {phase: ${phase}}`))).toEqual([
    ...['in-progress', 'failed', 'current', 'in-progress'],
  ]);
  expect(status(rollout)).toBe('in-progress');
  const ingress = 'apiVersion: networking.k8s.io/v1\nkind: Ingress\n';
  expect(status(ingress)).toBe('in-progress');
  expect(status(`${ingress}status: {loadBalancer: {ingress: [{hostname: a}]}}`)).toBe('current');
});
