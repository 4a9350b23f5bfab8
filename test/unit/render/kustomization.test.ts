import { describe, expect, it } from 'vitest';
import { isRemoteReference } from '../../../lib/render/kustomization.ts';

describe('references of a kustomization', () => {
  it.each([
    ['https://raw.githubusercontent.com/acme/apps/main/x.yaml', true],
    ['github.com/acme/apps', true],
    ['github.com/acme/apps//deploy?ref=v1', true],
    ['git@github.com:acme/apps.git', true],
    ['ssh://git@github.com/acme/apps', true],
    ['git::https://example.com/apps', true],
    ['file:///srv/apps', true],
    ['example.com/acme/apps.git', true],
    ['git.example.com/apps//deploy', true],
    ['../base?ref=main', true],
    ['../base', false],
    ['deploy.yaml', false],
    ['./a/b.git-stuff/c.yaml', false],
    ['crds/example.com_widgets.yaml', false],
  ])('takes %s for remote: %s', (reference, remote) => {
    expect(isRemoteReference(reference)).toBe(remote);
  });
});
