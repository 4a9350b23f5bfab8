import { describe, expect, it } from 'vitest';
import { drawChart } from '../../bench/chart.ts';
import { countRequests, requestsBetween } from '../../bench/request-counts.ts';
import { baselineOf, type Engine, type Measured, type Row, rowOf, type Sample, type Workload } from '../../bench/rows.ts';
import { formatTable } from '../../bench/table.ts';

const SAMPLE: Sample = {
  wallSeconds: 1,
  requestsByVerb: { GET: 3, APPLY: 1 },
  apiServerCpuSeconds: 2,
  clientCpuSeconds: 0.5,
  clientPeakMiB: 100,
  bytes: 2048,
};

function measured(engine: Engine, samples: readonly Partial<Sample>[], changes: Partial<Measured> = {}): Measured {
  const full = samples.map((sample) => ({ ...SAMPLE, ...sample }));
  return { workload: 'no-drift', objects: 1010, engine, samples: full, storage: [], ...changes };
}

function row(engine: Engine, wallSeconds: number, workload: Workload = 'no-drift'): Row {
  return rowOf(measured(engine, [{ wallSeconds }], { workload }));
}

describe('a row', () => {
  it('has the median of each figure', () => {
    const samples = [
      { wallSeconds: 9, bytes: 1, requestsByVerb: { GET: 3 } },
      { wallSeconds: 0.12345, bytes: 3, requestsByVerb: { GET: 5, APPLY: 2 } },
      { wallSeconds: 0.1, bytes: 2, requestsByVerb: { GET: 4, APPLY: 2 } },
    ];
    const storage = [
      { wallSecondsWithStorage: 0.3, storageCalls: 8 },
      { wallSecondsWithStorage: 0.2, storageCalls: 9 },
      { wallSecondsWithStorage: 0.5, storageCalls: 8 },
    ];
    expect(rowOf(measured('ours', samples, { storage }))).toEqual({
      workload: 'no-drift',
      objects: 1010,
      engine: 'ours',
      samples: 3,
      wallSeconds: 0.123,
      requests: 6,
      requestsByVerb: { GET: 4, APPLY: 2 },
      apiServerCpuSeconds: 2,
      clientCpuSeconds: 0.5,
      clientPeakMiB: 100,
      bytes: 2,
      wallSecondsWithStorage: 0.3,
      storageCalls: 8,
    });
  });

  it('of another engine has no figures of storage', () => {
    expect(Object.keys(rowOf(measured('flux', [{}])))).not.toContain('storageCalls');
  });

  it('of nothing that was measured is an error', () => {
    expect(() => rowOf(measured('flux', []))).toThrow('nothing was measured');
  });

  it('is held against the row of Flux with the same workload and objects', () => {
    const flux = row('flux', 4);
    const rows = [row('flux', 8, 'first-apply'), { ...flux, objects: 5050 }, flux];
    expect(baselineOf(row('ours', 0.1), rows)).toBe(flux);
    expect(baselineOf(row('ours', 0.1, 'one-drift'), rows)).toBeUndefined();
  });
});

describe('the table', () => {
  const rows = [row('ours', 0.08), row('flux', 4), row('limit', 0.02, 'first-apply')];
  const [header = '', ours = '', flux = '', limit = ''] = formatTable(rows).split('\n');

  it('gives wall time and CPU of the API server as parts of those of Flux', () => {
    expect(ours.split(/\s+/).slice(0, 8)).toEqual(['no-drift', '1010', 'ours', '0.080', '0.020', '4', '2.000', '1.000']);
    expect(flux.split(/\s+/).slice(3, 5)).toEqual(['4.000', '1.000']);
  });

  it('gives no part where Flux was not measured', () => {
    expect(limit.split(/\s+/).slice(2, 6)).toEqual(['limit', '0.020', '4', '2.000']);
  });

  it('keeps its columns in line', () => {
    expect(header.indexOf('wall s') + 'wall s'.length).toBe(ours.indexOf('0.080') + '0.080'.length);
  });
});

describe('the chart', () => {
  const rows = [row('ours', 0.1), row('flux', 4), row('ours', 3, 'first-apply'), row('flux', 6, 'first-apply'), row('limit', 0.02)];
  const chart = drawChart(rows, 1010);

  it('draws a bar for each engine and workload, as long as the time it took', () => {
    const widths = [...chart.matchAll(/<rect class="(ours|flux)" x="250" y="\d+" width="([\d.]+)"/g)].map(([, engine, width]) => [
      engine,
      Number(width),
    ]);
    expect(widths).toEqual([
      ['ours', 8.3],
      ['flux', 330],
      ['ours', 165],
      ['flux', 330],
    ]);
  });

  it('says how many times faster ours is', () => {
    expect(chart).toContain('>0.10 s (40× faster)<');
    expect(chart).toContain('>3.00 s (2.0× faster)<');
  });

  it('is one well-formed picture of the objects that it is asked for', () => {
    expect(chart).toContain('Wall time of one pass over 1,010 objects');
    expect(drawChart(rows, 5050)).not.toContain('faster');
    for (const tag of ['text', 'svg', 'style', 'title']) {
      expect(chart.split(`<${tag}`).length, tag).toBe(chart.split(`</${tag}>`).length);
    }
  });
});

describe('the requests of a pass', () => {
  const metrics = (gets: number, dryRuns: number) => `# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="GET",version="v1"} ${gets}
apiserver_request_total{code="404",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="GET",version="v1"} 2
apiserver_request_total{code="200",component="apiserver",dry_run="All",group="apps",resource="deployments",scope="resource",subresource="",verb="APPLY",version="v1"} ${dryRuns}
apiserver_request_total{code="200",component="apiserver",dry_run="",group="coordination.k8s.io",resource="leases",scope="resource",subresource="",verb="GET",version="v1"} 99
apiserver_request_total{code="201",component="apiserver",dry_run="",group="networking.k8s.io",resource="ipaddresses",scope="resource",subresource="",verb="POST",version="v1"} 7
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="",scope="",subresource="/metrics",verb="GET",version=""} 5
apiserver_request_duration_seconds_count{verb="GET"} 12`;

  it('are counted by verb, dry-runs apart, without what the server asks itself', () => {
    expect(countRequests(metrics(40, 10))).toEqual({ GET: 42, 'APPLY dry-run': 10 });
  });

  it('are what was counted since', () => {
    const moved = requestsBetween(countRequests(metrics(40, 10)), countRequests(metrics(43, 10)));
    expect(moved).toEqual({ GET: 3 });
  });
});
