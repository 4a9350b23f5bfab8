import { baselineOf, type Engine, type Row, type Workload } from './rows.ts';

const TITLES: Readonly<Record<Workload, string>> = {
  'first-apply': 'first apply',
  'no-drift': 'no drift',
  'no-drift-sweep': 'no drift, with the sweep',
  'one-drift': 'one drift, corrected',
  'one-percent-drift': '1 % drift, corrected',
  'cold-checkpoint': 'checkpoint lost',
  'status-churn': 'every status moved',
};
const NAMES: Readonly<Record<Engine, string>> = {
  ours: 'Plumbline',
  flux: 'Flux',
  'kubectl-apply': 'kubectl apply',
  'kubectl-diff': 'kubectl diff',
  limit: 'limit',
};
/** The chart compares two; the table has the others. */
const SHOWN: readonly Engine[] = ['ours', 'flux'];

const WIDTH = 760;
const LEFT = 250;
const RIGHT = 180;
const TOP = 62;
const BAR = 16;
const GROUP = 2 * BAR + 16;

/**
 * Bars of wall time, one pair for each workload, each pair to a scale of its own: what is told is how far apart the two are, and seconds
 * of a first apply would make the others invisible. Readable on light and dark pages.
 */
export function drawChart(rows: readonly Row[], objects: number): string {
  const workloads = [
    ...new Set(rows.filter((row) => row.objects === objects && SHOWN.includes(row.engine)).map(({ workload }) => workload)),
  ];
  const groups = workloads.map((workload, index) => drawGroup(workload, TOP + index * GROUP, rows, objects));
  const height = TOP + workloads.length * GROUP + 8;
  const title = `Wall time of one pass over ${objects.toLocaleString('en')} objects`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${title}, Plumbline beside Flux's engine">
<style>
text { font: 14px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
.title { font-size: 17px; font-weight: 600 }
.ours { fill: #1a7f5a }
.flux { fill: #9aa4b2 }
.paper { fill: #ffffff; stroke: #d0d7de }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .ours { fill: #3fb68b }
  .flux { fill: #6e7b8b }
  .paper { fill: #0d1117; stroke: #30363d }
}
</style>
<rect class="paper" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
<text class="title" x="20" y="30">${title}</text>
<rect class="ours" x="${WIDTH - 210}" y="18" width="14" height="14" rx="2"/><text x="${WIDTH - 190}" y="30">Plumbline</text>
<rect class="flux" x="${WIDTH - 110}" y="18" width="14" height="14" rx="2"/><text x="${WIDTH - 90}" y="30">Flux</text>
${groups.join('\n')}
</svg>
`;
}

function drawGroup(workload: Workload, top: number, rows: readonly Row[], objects: number): string {
  const shown = SHOWN.flatMap(
    (engine) => rows.find((row) => row.engine === engine && row.workload === workload && row.objects === objects) ?? [],
  );
  const longest = Math.max(...shown.map(({ wallSeconds }) => wallSeconds), Number.MIN_VALUE);
  const bars = shown.map((row, index) => {
    const y = top + index * (BAR + 2);
    const width = Math.max(2, ((WIDTH - LEFT - RIGHT) * row.wallSeconds) / longest);
    const flux = row.engine === 'flux' ? undefined : baselineOf(row, rows);
    const text = `${row.wallSeconds.toFixed(2)} s${flux === undefined || row.wallSeconds === 0 ? '' : ` (${factor(flux.wallSeconds / row.wallSeconds)})`}`;
    return `<rect class="${row.engine}" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"><title>${NAMES[row.engine]}: ${text}</title></rect><text x="${(LEFT + width + 8).toFixed(1)}" y="${y + 13}">${text}</text>`;
  });
  return `<text x="${LEFT - 14}" y="${top + BAR + 6}" text-anchor="end">${TITLES[workload]}</text>${bars.join('')}`;
}

function factor(times: number): string {
  return times >= 1 ? `${times.toFixed(times < 10 ? 1 : 0)}× faster` : `${(1 / times).toFixed(1)}× slower`;
}
