import { createColors } from '../../../lib/cli/colors.ts';
import type { Screen } from '../../../lib/cli/terminal.ts';
import type { ClusterRow } from '../../../lib/fleet/cluster.ts';
import type { ObjectRecord, RunRecord } from '../../../lib/records/record.ts';
import { clusterRow as rowOf } from '../../helpers/cluster-row.ts';

/** A page of that many columns, without colour, on a clock in UTC. */
export function screen(columns = 100): Screen {
  return { colors: createColors(false), columns, timeZone: 'UTC' };
}

export function clusterRow(fields: Partial<ClusterRow>): ClusterRow {
  return rowOf('prod-eu', {
    connection: { type: 'eks', eksName: 'prod-eu', region: 'eu-west-1', roleArn: 'arn:aws:iam::111122223333:role/plumbline-member' },
    repository: 'https://git.example.com/fleet.git',
    path: 'clusters/prod-eu',
    ...fields,
  });
}

export function driftRecord(fields: Partial<ObjectRecord>): ObjectRecord {
  return {
    cluster: 'prod-eu',
    id: '01KAX0000000000000000000A1',
    at: '2026-11-25T11:59:20.123Z',
    runId: 'run-1',
    revision: 'a'.repeat(40),
    sequence: 1,
    event: 'opened',
    kind: 'drift',
    object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'settings' },
    class: 'value',
    changes: [{ path: 'data.colour', desired: 'green', live: 'blue' }],
    actor: { manager: 'kubectl-edit', operation: 'Update' },
    decision: 'observed',
    ...fields,
  };
}

export function runRecord(fields: Partial<RunRecord>): RunRecord {
  return {
    cluster: 'prod-eu',
    id: '01KAX0000000000000000000B1',
    at: '2026-11-25T11:59:21.000Z',
    runId: 'run-1',
    revision: 'a'.repeat(40),
    sequence: 1,
    event: 'opened',
    kind: 'run',
    outcome: 'in-sync',
    objects: 42,
    drifted: 0,
    corrected: 0,
    created: 0,
    failed: 0,
    requests: 90,
    durationMs: 800,
    ...fields,
  };
}
