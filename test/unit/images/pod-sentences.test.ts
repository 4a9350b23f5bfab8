import { expect, it } from 'vitest';
import { podSentence } from '../../../lib/images/pods/pod-sentences.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

it.each([
  ['registry.example/shop/web:1', 'Pin its digest, and restart the workload.'],
  [`registry.example/shop/web:1@${DIGEST}`, `${DIGEST}. Restart the workload.`],
])('of replicas that differ, what helps with %s', (image, remedy) => {
  expect(podSentence({ id: 'run.split', image }, 2)).toContain(remedy);
});
