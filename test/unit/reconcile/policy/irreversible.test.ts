import { describe, expect, it } from 'vitest';
import type { StatusCause } from '../../../../lib/kubernetes/api-error.ts';
import { formatPath } from '../../../../lib/reconcile/path.ts';
import { refusedFields } from '../../../../lib/reconcile/policy/irreversible.ts';
import { configMap } from '../objects.ts';

const git = configMap({ spec: { storage: '1Gi', replicas: 1, containers: [{ name: 'a', image: 'a:1' }] } });
const live = configMap({ spec: { storage: '2Gi', replicas: 1, containers: [{ name: 'a', image: 'a:2' }] } });
const storage: StatusCause = { field: 'spec.storage', message: 'Forbidden: field can not be less than status.capacity' };

describe('the fields over which the server refuses an object', () => {
  it.each<[what: string, status: number, causes: readonly StatusCause[], paths: readonly string[] | undefined]>([
    ['are those that it names', 422, [storage], ['spec.storage']],
    ['are none where it says nothing of fields', 422, [], undefined],
    ['are none where the object is not the cause', 403, [storage], undefined],
    ['are none when another cause is no single field', 422, [storage, { field: 'spec.containers[0].image' }], undefined],
    ['are none when a cause has no field', 422, [storage, { message: 'no' }], undefined],
    ['are none where live is as Git says', 422, [{ field: 'spec.replicas' }], undefined],
    ['are none where neither has it', 422, [{ field: 'spec.paused' }], undefined],
  ])('%s', (_what, status, causes, paths) => {
    expect(refusedFields({ status, causes }, git, live)?.map(({ path }) => formatPath(path))).toEqual(paths);
  });
});
