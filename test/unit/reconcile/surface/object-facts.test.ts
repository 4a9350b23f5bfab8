import { describe, expect, it } from 'vitest';
import type { ManagedFieldsEntry, ObjectMeta } from '../../../../lib/manifests/object.ts';
import { objectFacts, sameFacts } from '../../../../lib/reconcile/surface/object-facts.ts';
import { IDENTITY, update } from '../objects.ts';

const ours: ManagedFieldsEntry = {
  manager: IDENTITY.fieldManager,
  operation: 'Apply',
  apiVersion: 'v1',
  time: '2026-01-01T00:00:00Z',
  fieldsV1: {
    'f:data': { 'f:colour': {} },
    'f:metadata': { 'f:labels': { 'f:app': {} }, 'f:annotations': { 'f:team': {} }, 'f:finalizers': { '.': {}, 'v:"ours/protect"': {} } },
  },
};
const metadata: ObjectMeta = {
  name: 'settings',
  uid: 'u-1',
  generation: 3,
  resourceVersion: '100',
  labels: { app: 'web', theirs: 'x' },
  annotations: { team: 'shop' },
  finalizers: ['ours/protect', 'theirs/protect'],
  managedFields: [ours, update('kubectl-edit', { 'f:data': { 'f:size': {} } }), update('hpa', { 'f:status': {} }, 1, 'status')],
};
const facts = (changes: Partial<ObjectMeta>) => objectFacts({ ...metadata, ...changes }, IDENTITY.fieldManager);

describe('the facts of an object', () => {
  it.each<[string, Partial<ObjectMeta>]>([
    [
      'status was written',
      { resourceVersion: '101', managedFields: [ours, ...(metadata.managedFields ?? []).slice(1, 2), update('hpa', {}, 59, 'status')] },
    ],
    ['a label of somebody else has another value', { labels: { app: 'web', theirs: 'y' } }],
    ['an annotation of somebody else came', { annotations: { team: 'shop', 'deployment.kubernetes.io/revision': '7' } }],
    ['a finalizer of somebody else went', { finalizers: ['ours/protect'] }],
    [
      'the server writes its entries in another order of fields, as of a custom resource',
      { managedFields: metadata.managedFields?.map((entry) => Object.fromEntries(Object.entries(entry).toReversed())) ?? [] },
    ],
  ])('stay when %s', (_what, changes) => {
    const before = facts({});
    const after = facts(changes);
    expect(before !== undefined && after !== undefined && sameFacts(after, before)).toBe(true);
  });

  it.each<[string, Partial<ObjectMeta>]>([
    ['it was made anew', { uid: 'u-2' }],
    ['its generation moved', { generation: 4 }],
    ['our label has another value', { labels: { app: 'api', theirs: 'x' } }],
    ['our label is gone', { labels: { theirs: 'x' } }],
    ['our annotation has another value', { annotations: { team: 'other' } }],
    ['our finalizer is gone', { finalizers: ['theirs/protect'] }],
    ['we own a field less', { managedFields: [{ ...ours, fieldsV1: { 'f:data': {} } }, ...(metadata.managedFields ?? []).slice(1)] }],
    ['somebody came', { managedFields: [...(metadata.managedFields ?? []), update('k9s', { 'f:data': { 'f:new': {} } })] }],
    ['somebody wrote the same fields again', { managedFields: [ours, update('kubectl-edit', { 'f:data': { 'f:size': {} } }, 30)] }],
    [
      'something wrote a sub-resource that is not status',
      { managedFields: [...(metadata.managedFields ?? []), update('hpa', {}, 1, 'scale')] },
    ],
    ['managed fields were cleared', { managedFields: [{}] }],
    ['managed fields are gone', { managedFields: [] }],
  ])('move when %s', (_what, changes) => {
    const before = facts({});
    const after = facts(changes);
    expect(before !== undefined && after !== undefined && sameFacts(after, before)).toBe(false);
  });

  it('say that an object is being deleted', () => {
    expect(facts({})).toMatchObject({ terminating: false });
    expect(facts({ deletionTimestamp: '2026-01-01T00:00:00Z' })).toMatchObject({ terminating: true });
  });

  it('are none without a uid', () => {
    const { uid: _uid, ...nameless } = metadata;
    expect(objectFacts(nameless, IDENTITY.fieldManager)).toBeUndefined();
  });
});
