import { expect, it } from 'vitest';
import { readKustomization } from '../../../lib/render/kustomization.ts';

it.each([
  ['helmCharts: [{name: web}]', ['charts/web']],
  ['helmCharts: [{name: web, version: 1.0.0}]', ['charts/web']],
  ['helmCharts: [{name: web, version: 1.0.0, repo: "https://x.example.com"}]', ['charts/web-1.0.0/web']],
  ['helmGlobals: {chartHome: ../vendor}\nhelmCharts: [{name: a}, {name: b, valuesFile: b.yaml}]', ['../vendor/a', '../vendor/b', 'b.yaml']],
  ['helmCharts: [{name: a, additionalValuesFiles: [x.yaml, y.yaml]}]', ['charts/a', 'x.yaml', 'y.yaml']],
])('the charts of a kustomization are among its references: %s', (text, references) => {
  const read = readKustomization(text);
  expect(read).toMatchObject({ references, complete: true });
  expect(read.charts.length).toBeGreaterThan(0);
});
